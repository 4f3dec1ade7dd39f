/* SPDX-License-Identifier: MIT
 *
 * weft/http.h - plain HTTP requests on the same port
 *
 * A request reaches you complete, with its body (or, if you like, the body piece by piece: on_body). Answer it in the
 * callback, later, or with a response that is streamed for as long as you like.
 *
 *      static void hello(weft_request *r, void *user)
 *      {
 *          weft_respond(r, 200, "text/plain", "hello\n", 6);
 *      }
 *
 *      static const weft_request_handler handler = {.on_request = hello};
 *
 *      weft_server_on_request(server, "/hello", &handler, NULL);
 *
 * A weft_request is yours from the callback until you answer it: weft_respond, weft_reply_begin and weft_request_abort
 * consume it, whatever they return. Who uses it once more is stopped by debug builds. If the client leaves before, the
 * request stays valid, calls return WEFT_ERR_CLOSED, and whoever watches it (weft_request_watch) is told; answer it all
 * the same, at the latest before its loop is freed.
 *
 * A reply that streams is another object, a weft_reply: weft_reply_begin makes it, and on_close, which comes exactly
 * once, is its end.
 */
#ifndef WEFT_HTTP_H
#define WEFT_HTTP_H

#include <weft/loop.h>
#include <weft/peer.h>
#include <weft/piece.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_request weft_request;

/* What a path does with plain requests (weft_server_on_request). Copied for each route, with its limits. */
typedef struct weft_request_handler {
    void (*on_request)(weft_request *r, void *user);

    /* "GET, POST": those that on_request is asked for, and HEAD, if GET is among them. The others get 405 with Allow,
     * OPTIONS 204 with Allow. NULL: all, OPTIONS included. */
    const char *methods;

    /* Pages of the server's origins (weft_server_config) may read the answers, all of them, weft's own refusals
     * included: Access-Control-Allow-Origin names the page's origin, Access-Control-Allow-Credentials lets it send
     * cookies, if the list of origins has it (other ports of loopback and "null" are without), and Vary says that
     * others hear something else; where origins have "*" it is "*", and no cookies. What a
     * browser asks before (a preflight) is answered with methods, and whatever fields it asks for; for a page of
     * another origin, with 403. Fields that pages are to see, too, are yours to say: Access-Control-Expose-Headers.
     * Whether a page may have the request done is another question: weft_request_allowed. */
    bool cors;

    /* What is not 0 here stands in place of the server's limits for requests of this route, once their head is there:
     *   http_body_max                       a Content-Length above it: 413 at once, before a byte of the body is read
     *   send_queue_max, _items, _soft, write_stall, ping_interval, pong_timeout       of their replies
     *   http_keepalive                      behind them
     *   http_body_timeout, http_body_rate   how long the body may take
     * All others are about what comes before a route is known, and stay the server's. NULL: all of them do. */
    const weft_limits *limits;

    /* The body as it comes, and not kept: with on_body, on_request is told as soon as the head is there, with an empty
     * weft_request_body; then on_body of each piece (good for the call), and once, with data NULL and len 0, that it is
     * complete; user is weft_request_user. http_body_max (limits, above) is the most it may be. Answer when you like:
     * if the body is not complete by then, nothing more of it is told, and the connection ends with the answer. What
     * is wrong with it (413, 400, 408), and a client that leaves, is told to on_gone of who watches
     * (weft_request_watch). */
    void (*on_body)(weft_request *r, const void *data, size_t len, void *user);

    /* How a refusal of weft's is said: what it refuses by itself, at a path of this route, once the head is there and
     * before you have been told of the request. That is a body that is too long (413), malformed (400) or does not come
     * (408), a method (405), a Host (421), a page that may not (403), an address that has too many connections (429),
     * an upgrade that is none (400, 403, 426), and that there is no memory, or the server refuses what is new or leaves
     * (503; say yourself when to come again, Retry-After). status is what
     * weft would answer with, and words, good for the call, what it would say. Answer r with that as any other request;
     * what the status needs, Allow and the like, is among its fields already, its body is empty, and the connection
     * ends with it. Do nothing of what is asked: neither its Host nor its origin need be anybody you know. NULL: a line
     * of text, as for what has no route. */
    void (*on_refuse)(weft_request *r, int status, const char *words, void *user);

    /* "GET", "POST, PUT": those that on_request is asked for while the server refuses what is new, too
     * (weft_server_refuse), and HEAD, if GET is among them. NULL: none. */
    const char *unrefused;
} weft_request_handler;

/* ---- the request; everything borrowed, good until it is finished ------------------------------ */

WEFT_API weft_bytes weft_request_method(const weft_request *r); /* "GET"; case matters */
WEFT_API weft_bytes weft_request_target(const weft_request *r); /* as it was sent */
WEFT_API weft_bytes weft_request_path(const weft_request *r); /* as sent, without query: "/a%20b" */
/* What the server has taken off in front of that, for links to its own pages: its base path, "/ws" (server.h); or
 * nothing. */
WEFT_API weft_bytes weft_request_base_path(const weft_request *r);
WEFT_API weft_bytes weft_request_query(const weft_request *r); /* behind the '?'; empty if none */
WEFT_API size_t weft_request_fields(const weft_request *r, const weft_field **fields);
WEFT_API weft_bytes weft_request_field(const weft_request *r,
                                       const char *name); /* first, or empty */
WEFT_API weft_bytes weft_request_body(const weft_request *r);
WEFT_API weft_loop *weft_request_loop(const weft_request *r);
WEFT_API bool weft_request_is(const weft_request *r, const char *method);

/* Whether the page that sent it, if one did, may read and write here: the rule for upgrades,
 * weft_server_config.origins, asked of a plain request. Without an Origin it is no page of somebody else's, or one
 * that cannot read the answer:
 * true. A request that changes something should look at it, and so should whatever is not for everybody. false when the
 * client has left. */
WEFT_API bool weft_request_allowed(const weft_request *r);

/* Who sent it: as weft_conn_peer, until you answer; also after the client has left. NULL: no memory. */
WEFT_API weft_peer *weft_request_peer(weft_request *r);

/* Of a body that is handed out as it comes (on_body): stop, and go on. What comes meanwhile stays in the kernel, which
 * slows the client down, and its time (http_body_timeout) begins anew when you go on. One switch, not counted. */
WEFT_API void weft_request_pause(weft_request *r);
WEFT_API void weft_request_resume(weft_request *r);

/* What on_body is told as user: the route's, until set. Not of an upgrade's. */
WEFT_API void *weft_request_user(const weft_request *r);
WEFT_API void weft_request_set_user(weft_request *r, void *user);

/* Whether an answer can still arrive: false when the client has left, or was told that none will come. */
WEFT_API bool weft_request_is_open(const weft_request *r);

/* What is told, from the loop, while you have not answered. All optional. */
typedef struct weft_request_watcher {
    /* Once: nobody waits for the answer any more. The client has left; or it was told 503, because shutdown_drain is
     * over (or, an upgrade's, hold_timeout); or the server was freed. Answer all the same, here or later. */
    void (*on_gone)(weft_request *r, void *user);

    /* Once: the server leaves (weft_server_shutdown), so come to an end. Who has not answered by shutdown_drain is
     * answered for: 503, with Retry-After and Connection: close. return_ms is when clients that can be told so should
     * come back; it differs from request to request. */
    void (*on_leave)(weft_request *r, uint64_t return_ms, void *user);

    /* Once: the time of weft_request_forget is over. */
    void (*on_time)(weft_request *r, void *user);
} weft_request_watcher;

/* Watch it from now on, in place of who did before; w is copied, and NULL is nobody. If the client has left already,
 * on_gone is told soon, from the loop. Errors: -EINVAL (a size). */
WEFT_API int weft_request_watch_sized(weft_request *r, const weft_request_watcher *w, size_t w_size,
                                      void *user);
static inline int weft_request_watch(weft_request *r, const weft_request_watcher *w, void *user)
{
    return weft_request_watch_sized(r, w, sizeof *w, user);
}

/* Its answer will take long, and what was asked is not needed for it: from now on method, target, fields and body are
 * empty, weft_request_allowed is false, and most of the memory behind them is free. *r is another pointer afterwards;
 * the one before is no more. When nobody has answered after so many ms (WEFT_NEVER: without end), the watcher's on_time
 * is told. Errors, and all is as before: -ENOMEM; WEFT_ERR_STATE: it was done, or its body comes in pieces (on_body);
 * WEFT_ERR_CLOSED. */
WEFT_API WEFT_CHECK int weft_request_forget(weft_request **r, uint64_t ms);

/* ---- the reply ------------------------------------------------------------------------------- */

/* Add a header field to the reply that follows; a Content-Type replaces the one before, a Date weft's. Content-Length,
 * Transfer-Encoding and Connection are weft's. Errors: -EINVAL (a character that may not stand in a field, or one of
 * weft's), -ENOMEM. */
WEFT_API int weft_reply_field(weft_request *r, const char *name, const char *value);

/* The same for n of them, as they were parsed, for who passes on what somebody else has said: all, or after an error
 * none. Leave out what is not to be forwarded (weft_field_is_hop, aux.h), and Content-Length, which is said by the
 * length of weft_reply_begin. */
WEFT_API int weft_reply_fields(weft_request *r, const weft_field *fields, size_t n);

/* The whole reply. type is the Content-Type, whatever weft_reply_field has said of it (NULL: what that has said, or
 * none). With HEAD the body is left out and its length said. Consumes the request. Errors: WEFT_ERR_CLOSED, -EINVAL
 * (status not 200-599), -ENOMEM; after these two the client gets a 500, or its connection ends. */
WEFT_API int weft_respond(weft_request *r, int status, const char *type, const void *body,
                          size_t len);

/* No answer: drop the connection so that the client notices. Consumes the request. */
WEFT_API void weft_request_abort(weft_request *r);

/* ---- a reply that streams -------------------------------------------------------------------- */

typedef struct weft_reply weft_reply;

/* All optional, and told by the loop. */
typedef struct weft_reply_handler {
    /* There is room to write again: weft_reply_backlogged was true, and what is queued has fallen below half of
     * send_queue_soft and a quarter of send_queue_items. */
    void (*on_drain)(weft_reply *r);

    /* The server leaves (weft_server_shutdown): come to an end. Clients that can be told so should come back in
     * return_ms; it differs from reply to reply, so that they do not come at the same moment. Who has not ended by
     * shutdown_drain is dropped. */
    void (*on_leave)(weft_reply *r, uint64_t return_ms);

    /* Exactly once, whatever ended it, and the last use of r. error is 0 when the whole reply has been taken by the
     * kernel; WEFT_ERR_CLOSED: you aborted it, or the server was freed; WEFT_ERR_LOST, -ECONNRESET, -EPIPE: the client
     * left; WEFT_ERR_TIMEOUT: it took nothing for write_stall, or shutdown_drain has passed; -ETIMEDOUT: it has
     * vanished; -ENOMEM, WEFT_ERR_STATE: a call failed and said so. cause says it in words; "" if error is 0, and never
     * else. */
    void (*on_close)(weft_reply *r, int error, const char *cause);
} weft_reply_handler;

#define WEFT_LENGTH_UNKNOWN UINT64_MAX

/* Begin a reply whose body follows, for as long as you like. length is the body's, or WEFT_LENGTH_UNKNOWN: then it
 * is chunked (to an HTTP/1.0 client: ended by closing), and a client that vanishes without a word is noticed: it is
 * probed after ping_interval of silence, and has pong_timeout to answer (write_stall in all, if that is longer). h may
 * be NULL. Consumes the request, and keeps nothing of it. *out is good until on_close returns.
 *
 * The answer to HEAD is its head, in which length is said: what you write is taken and dropped, and on_close (0)
 * follows as soon as the head is out, whether you have come to an end or not. A 304 has no body, either; length (if
 * neither 0 nor unknown) is said as that of the body it stands for.
 *
 * Errors: as weft_respond, and -EINVAL for a 204 whose length says that there is a body, or for a size; on_close is not
 * told then. */
WEFT_API int weft_reply_begin_sized(weft_reply **out, weft_request *r, int status, const char *type,
                                    uint64_t length, const weft_reply_handler *h, size_t h_size,
                                    void *user);
static inline int weft_reply_begin(weft_reply **out, weft_request *r, int status, const char *type,
                                   uint64_t length, const weft_reply_handler *h, void *user)
{
    return weft_reply_begin_sized(out, r, status, type, length, h, sizeof *h, user);
}

/* Queue a piece of the body; goes out at the end of the turn.
 * Errors: WEFT_ERR_CLOSED (it has ended, or is over), WEFT_ERR_STATE (more than length: nothing was queued),
 * WEFT_ERR_BACKLOG (limits send_queue_max, send_queue_items: nothing was queued, on_drain follows), -ENOMEM: the
 * body has a hole, so the reply is dropped, and on_close follows. */
WEFT_API WEFT_CHECK int weft_reply_write(weft_reply *r, const void *data, size_t len);

/* Queue a piece by reference: no copy, and for the first in the queue no memory. Errors: as weft_reply_write. */
WEFT_API WEFT_CHECK int weft_reply_write_piece(weft_reply *r, weft_piece *p);

/* The body is complete: the rest is written, then on_close is told. Errors: WEFT_ERR_CLOSED; WEFT_ERR_STATE (less
 * than length was written) and -ENOMEM: the reply is dropped, so that the client notices. */
WEFT_API WEFT_CHECK int weft_reply_end(weft_reply *r);

/* Give up: drop the connection so that the client sees a broken reply. on_close follows. */
WEFT_API void weft_reply_abort(weft_reply *r);

/* The same behind what has been written: that goes out, and then the connection ends where the body does not. To who
 * could not tell that from an end (HTTP/1.0, length unknown) it is weft_reply_abort. on_close has WEFT_ERR_CLOSED. */
WEFT_API void weft_reply_cut(weft_reply *r);

/* Bytes of the reply queued and not yet taken by the kernel. */
WEFT_API size_t weft_reply_buffered(const weft_reply *r);

/* Whether more is queued than send_queue_soft, or than half of send_queue_items, or a write was refused: on_drain
 * follows. Who passes on what comes from elsewhere pauses that then, and resumes it in on_drain. */
WEFT_API bool weft_reply_backlogged(const weft_reply *r);

WEFT_API bool weft_reply_is_open(const weft_reply *r); /* a write would not say WEFT_ERR_CLOSED */
WEFT_API weft_loop *weft_reply_loop(const weft_reply *r);

/* Who it is for: as weft_conn_peer, in on_close, too. NULL: no memory. */
WEFT_API weft_peer *weft_reply_peer(weft_reply *r);
WEFT_API void *weft_reply_user(const weft_reply *r);
WEFT_API void weft_reply_set_user(weft_reply *r, void *user);

/* Its name, for other threads: post to its loop, and find it there. NULL: it is over, or on another loop. */
WEFT_API weft_id weft_reply_id(const weft_reply *r);
WEFT_API weft_reply *weft_reply_find(const weft_loop *l, weft_id id);

/* Call fn in the thread of the loop that id belongs to, soon, and exactly once, as weft_conn_call does: with the
 * reply, or with NULL when it is over. Any thread. Errors: -ENOMEM: fn is not called. */
WEFT_API WEFT_CHECK int weft_reply_call(weft_loop *l, weft_id id,
                                        void (*fn)(weft_reply *r, void *arg), void *arg);

/* For libraries on top: links (base.h). */
WEFT_API void weft_reply_link(weft_reply *r, weft_link *link);
WEFT_API void weft_reply_unlink(weft_reply *r, weft_link *link);
WEFT_API weft_link *weft_reply_find_link(const weft_reply *r, const void *owner); /* or NULL */
WEFT_API weft_link *weft_reply_links(const weft_reply *r); /* as weft_conn_links */

#ifdef __cplusplus
}
#endif
#endif
