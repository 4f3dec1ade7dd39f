/* SPDX-License-Identifier: MIT
 *
 * weft/conn.h - a WebSocket that is carried for you
 *
 * The same for a server's and a client's connections. You give a weft_handler; the loop calls it.
 *
 * Sending only queues: at the end of the loop's turn everything that was queued, on all connections,
 * goes to the kernel at once. No function of weft calls your code back: callbacks come from the
 * loop, so you may send, close or abort any connection in any callback. (Three do, and say so: weft_server_each,
 * weft_server_free, weft_loop_free.)
 *
 * A weft_conn is good from on_open (a client's: from weft_connect) until on_close returns. What may
 * outlive it keeps the weft_id.
 */
#ifndef WEFT_CONN_H
#define WEFT_CONN_H

#include <weft/loop.h>
#include <weft/peer.h>
#include <weft/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_conn weft_conn;
typedef struct weft_upgrade weft_upgrade; /* server.h */

/* ---- what you are told ----------------------------------------------------------------------- */

typedef struct weft_chunk {
    weft_opcode opcode; /* of the message: WEFT_TEXT or WEFT_BINARY */
    bool first, final;
    const uint8_t *data;
    size_t len;
} weft_chunk;

/* A server's answer that was not 101. Good until on_close returns. Later versions may have more at its end, and at
 * that of weft_close_info. */
typedef struct weft_refusal {
    int status;
    const weft_field *fields;
    size_t n_fields;
    weft_bytes
        body; /* the start of it: limit refusal_body_max, and what had come when there was no more time */
    bool whole; /* that is all of it */
} weft_refusal;

typedef struct weft_close_info {
    /* What the peer said (RFC 6455, 7.1.5): the status code of its first Close frame; WEFT_CLOSE_NO_STATUS if that had
     * none, WEFT_CLOSE_ABNORMAL if none came. */
    uint16_t code;
    uint16_t sent_code; /* the same of our Close, if all of it went to the kernel; 0: none did */
    weft_bytes reason;  /* of the peer's Close; UTF-8 */

    /* It was the peer who began: its Close was there before ours had gone, or its end of stream, its reset. */
    bool by_peer;
    bool clean; /* a Close was received and one was sent, and nobody broke the protocol */

    /* 0, or what went wrong: -errno or WEFT_ERR_..., WEFT_ERR_CLOSED if it was you who dropped it; and why in words:
     * "no pong, nor anything else, after a ping". "" if error is 0, and never else. */
    int error;
    const char *cause;
    const weft_refusal *refusal; /* with WEFT_ERR_REFUSED and WEFT_ERR_PROXY; else NULL */
} weft_close_info;

/* All optional. Copied for each route and each weft_connect, with what it points to. Data handed to a callback is
 * on loan until it returns. */
typedef struct weft_handler {
    /* Server: the opening handshake is in order, the origin allowed. Return
     *   0             accept
     *   300 ... 599   refuse with this HTTP status (weft_upgrade_body: with what body), or send elsewhere:
     *                 weft_upgrade_field(u, "Location", ...)
     *   WEFT_HOLD     it was answered already, or will be later: weft_upgrade_accept, weft_upgrade_refuse (server.h)
     * Anything else, true to begin with, is a mistake: the client gets a 500, and the log has a line. NULL accepts
     * everybody. */
    int (*on_upgrade)(weft_upgrade *u);

    /* Server: always, once an upgrade was accepted (0; weft_upgrade_accept that said 0): if the connection is gone
     * before the loop comes to it, on_close follows at once, and on_open is told all the same. Client: the server
     * has said 101. */
    void (*on_open)(weft_conn *c);
    void (*on_message)(weft_conn *c, weft_opcode op, const void *data, size_t len);
    /* Set: messages come as chunks, as they arrive, and nothing is gathered. max_message and message_timeout hold all
     * the same: who takes messages of any length sets them to WEFT_NEVER. */
    void (*on_chunk)(weft_conn *c, const weft_chunk *chunk);
    /* There is room to send again: weft_backlogged was true, and what is queued has fallen below half of
     * send_queue_soft and a quarter of send_queue_items. Also when weft_want_drain asked. */
    void (*on_drain)(weft_conn *c);

    void (*on_ping)(weft_conn *c, const void *data,
                    size_t len); /* the pong is on its way already */

    /* A pong, with what it carries: the ping's bytes, by which pings can be told apart. rtt_us is what has passed since
     * the newest ping, yours or keep-alive's (whose is empty), if no pong has come since; 0: nobody asked for it. */
    void (*on_pong)(weft_conn *c, const void *data, size_t len, uint64_t rtt_us);

    /* Exactly once for every weft_conn that you saw: after on_open, or instead of it when a client
     * could not connect. A peer's Close is answered at once, behind what is queued: from then on nothing can be sent
     * (weft_conn_is_open), so what is still being computed for it is of no use. */
    void (*on_close)(weft_conn *c, const weft_close_info *info);

    /* Subprotocols that we speak, NULL-terminated. A client offers them; a server takes the first one
     * of the client's list that is here, and none if there is no match. */
    const char *const *subprotocols;

    /* Compress messages, if the peer does: a client offers, a server agrees. NULL: do not. Read about
     * secrets in session.h first. */
    const weft_deflate *deflate;

    /* What is not 0 here stands in place of the limit of the server, or of weft_connect's: max_message, the send
     * queue's, the deadlines of an open connection (base.h, "a session" and "a connection"). WEFT_NEVER
     * is a value as any other. */
    const weft_limits *limits;

    /* Server: weft_server_shutdown, or weft_server_drain, has begun. Set: weft does not close this connection, which
     * goes on until you close it, when its work is done; weft_conn_leaving_code says by which code. Its client may be
     * told to come back in return_ms, which differs from connection to connection. Told once; a few at a time, as
     * otherwise Closes are sent. What is still open when shutdown_drain has all but passed (100 ms) gets the Close of
     * weft_server_shutdown, as by weft_close_now, and is dropped then. */
    void (*on_leave)(weft_conn *c, uint64_t return_ms);
} weft_handler;

#define WEFT_HOLD 0x686f6c64 /* nothing that is returned by accident */

/* ---- what you can do ------------------------------------------------------------------------- */

/* Queue a message. op is WEFT_TEXT or WEFT_BINARY; text must be UTF-8, which is not looked at here (weft_sendv with
 * WEFT_SEND_CHECK does): a peer that does ends the connection with 1007.
 * Errors: WEFT_ERR_BACKLOG (limits send_queue_max, send_queue_items: nothing was queued, on_drain follows),
 * WEFT_ERR_CLOSED, -EINVAL (op), -ENOMEM; WEFT_ERR_STATE before a client's on_open. After any of them the
 * message is lost: follow up, at least with weft_abort, or the peer misses something and never knows. */
WEFT_API WEFT_CHECK int weft_send(weft_conn *c, weft_opcode op, const void *data, size_t len);

/* Queue n pieces as one message, in one frame; flags are weft_send_flag's (session.h). Errors: as weft_send, -EINVAL
 * for a flag that is unknown, too, and WEFT_ERR_UTF8 (WEFT_SEND_CHECK). */
WEFT_API WEFT_CHECK int weft_sendv(weft_conn *c, weft_opcode op, unsigned flags,
                                   const weft_bytes *parts, size_t n);

/* Queue one fragment of a message; final ends it. Whole messages wait meanwhile, and do not count for what fragments
 * may queue; pings do not wait. Errors: as weft_send, and WEFT_ERR_STATE when op differs from the open message's. */
WEFT_API WEFT_CHECK int weft_send_fragment(weft_conn *c, weft_opcode op, const void *data,
                                           size_t len, bool final);

/* Queue a message by reference (a client masks, so it copies). Errors: as weft_send. */
WEFT_API WEFT_CHECK int weft_send_message(weft_conn *c, weft_message *m);

/* The same for who publishes, and does not follow up on errors: so that none misses a message and stays,
 * who cannot take it is closed with 1008 (WEFT_ERR_BACKLOG), or dropped where the message or that Close finds no
 * memory. With WEFT_ERR_CLOSED and WEFT_ERR_STATE nothing happens. Returns what weft_send_message said. */
WEFT_API int weft_deliver(weft_conn *c, weft_message *m);

/* Queue a ping with at most 125 bytes. It goes out in front of the whole messages that are queued, unless they are
 * few (16 KiB): so its answer, on_pong, says that the peer is there, and not that it has read them.
 * Errors: as weft_send. */
WEFT_API int weft_ping(weft_conn *c, const void *data, size_t len);

/* Begin the closing handshake behind what is queued: a Close with code (0: none) and reason (UTF-8,
 * cut at 123 bytes; may be NULL). on_close follows when the peer has answered, or after close_timeout.
 * Messages that the peer had under way are still delivered; a paused connection resumes. A second call
 * does nothing.
 * Before a client's on_open it is weft_abort. Errors: WEFT_ERR_CODE (also: a reason without
 * a code), WEFT_ERR_UTF8, -ENOMEM. */
WEFT_API int weft_close(weft_conn *c, uint16_t code, const char *reason);

/* The same with a reason of any length that may hold NUL. */
WEFT_API int weft_close_bytes(weft_conn *c, uint16_t code, weft_bytes reason);

/* weft_close for who cannot wait for what is queued: it is dropped, all but the rest of the frame that is on its way
 * (and, with TLS, what is sealed already), and the Close goes out. A message that is cut off by it ends without its
 * last fragment, which is legal in front of a Close. It happens when the turn ends: until then weft_buffered counts
 * what is dropped. On a connection that is closing, what waits in front of the Close is dropped; the Close that was
 * said first stays. A peer that reads nothing at all has close_timeout, as ever: weft_abort does not wait.
 * Errors: as weft_close. */
WEFT_API int weft_close_now(weft_conn *c, uint16_t code, const char *reason);

/* Drop the connection now: no Close, TCP is reset, and what is queued is lost. on_close follows, with
 * WEFT_ERR_CLOSED, before the turn ends. */
WEFT_API void weft_abort(weft_conn *c);

/* Stop and go on reading: one switch, which does not count. What a paused peer sends stays in the kernel, which slows
 * it down; after weft_pause at most the message, or the chunk, being delivered is still handed to you, and
 * message_timeout stands still.
 * Keep-alive does not drop a paused connection, but a peer that has gone is noticed: at once when it has reset the
 * connection, or ended it and nothing unread lies before the end; behind what is unread when you resume; and one that
 * acknowledges no ping any more 20 s (write_stall, if that is longer) after it. One that is closing cannot be paused:
 * weft_pause does nothing then, so that the peer's Close is read. */
WEFT_API void weft_pause(weft_conn *c);
WEFT_API void weft_resume(weft_conn *c);

/* Bytes queued and not yet taken by the kernel. */
WEFT_API size_t weft_buffered(const weft_conn *c);

/* Whether more is queued than send_queue_soft, or than half of send_queue_items, or a send was refused: on_drain
 * follows. Who answers what a peer sends pauses it then, and resumes it in on_drain: so nobody has to read what he
 * will not be able to answer, and nothing is refused. Pausing stops questions, not answers that are owed: who has
 * them made elsewhere, by a pool of workers, keeps those that come while this is true, and sends them in on_drain.
 * What limits the pool counts what is still being made, and not what is kept: else those who do not read stop those
 * who do. */
WEFT_API bool weft_backlogged(const weft_conn *c);

/* Call on_drain once, from the loop, as soon as fewer than bytes are queued: within a
 * millisecond, if they are already. A second call replaces the first, 0 takes it back. For who makes what he sends
 * while the peer takes it. Errors: -ENOMEM, WEFT_ERR_CLOSED; WEFT_ERR_STATE before a client's on_open. */
WEFT_API int weft_want_drain(weft_conn *c, size_t bytes);

/* ---- what you can ask ------------------------------------------------------------------------ */

WEFT_API weft_id weft_conn_id(const weft_conn *c);
/* NULL: it has ended (in on_close, too), or is on another loop. Loop's thread only. */
WEFT_API weft_conn *weft_conn_find(const weft_loop *l, weft_id id);
WEFT_API weft_loop *weft_conn_loop(const weft_conn *c);
WEFT_API weft_role weft_conn_role(const weft_conn *c);
WEFT_API bool
weft_conn_is_open(const weft_conn *c); /* weft_send would not say WEFT_ERR_CLOSED/_STATE */

/* In on_leave: the code that weft_server_shutdown or weft_server_drain was called with. At other times 0. */
WEFT_API uint16_t weft_conn_leaving_code(const weft_conn *c);

WEFT_API const char *weft_conn_subprotocol(const weft_conn *c); /* "" if none was agreed on */

/* What was agreed on about compression; good as long as the connection. */
WEFT_API const weft_deflate_params *weft_conn_deflate(const weft_conn *c);

/* Who is at the other end: made when it is first asked for, and yours to read until on_close has returned
 * (weft_peer_ref: longer). NULL: no memory, or a client's that never got as far as its on_open; peer.h takes that for
 * nothing known. */
WEFT_API weft_peer *weft_conn_peer(weft_conn *c);

/* After how many ms of silence it is pinged (weft_limits.ping_interval), but for the jitter; WEFT_NEVER: it is not. */
WEFT_API uint64_t weft_conn_ping_interval(const weft_conn *c);

/* Your pointer: a server's starts as the route's or what weft_upgrade_set_user said, a client's as
 * weft_connect's. */
WEFT_API void *weft_conn_user(const weft_conn *c);
WEFT_API void weft_conn_set_user(weft_conn *c, void *user);

/* ---- from other threads ---------------------------------------------------------------------- */

/* Send m on the connection that id names, in its loop's thread, soon. Takes its own reference. That
 * the connection is gone by then is not an error; one that cannot take it any more is treated as by
 * weft_deliver. With a server of several threads l may be any of its loops, such as the first. Any
 * thread. Errors: -ENOMEM. */
WEFT_API int weft_post(weft_loop *l, weft_id id, weft_message *m);

/* Call fn in the thread of the loop that id belongs to, soon, and exactly once: with the connection, or with NULL when
 * that is gone by then, so that arg can be freed. From within that loop as well as from outside, l as for
 * weft_post. What was posted from one thread to one loop comes in order. Any thread.
 * Errors: -ENOMEM: fn is not called. */
WEFT_API WEFT_CHECK int weft_conn_call(weft_loop *l, weft_id id,
                                       void (*fn)(weft_conn *c, void *arg), void *arg);

/* ---- for libraries on top (the hub is one) --------------------------------------------------- */

/* What a library keeps for a connection hangs on it as a weft_link (base.h). */
WEFT_API void weft_conn_link(weft_conn *c, weft_link *link);
WEFT_API void weft_conn_unlink(weft_conn *c, weft_link *link);
WEFT_API weft_link *weft_conn_find_link(const weft_conn *c, const void *owner); /* or NULL */

/* Whether it is carried for a handler with this on_close: so who routes connections knows which are his, and what their
 * user pointers are. */
WEFT_API bool weft_conn_is_of(const weft_conn *c,
                              void (*on_close)(weft_conn *c, const weft_close_info *info));

/* The first of all that hang on it, or NULL; the others by ->next. To be read only: some of them are weft's. */
WEFT_API weft_link *weft_conn_links(const weft_conn *c);

#ifdef __cplusplus
}
#endif
#endif
