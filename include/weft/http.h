/* SPDX-License-Identifier: MIT
 *
 * weft/http.h - plain HTTP requests on the same port
 *
 * A request reaches you complete, with its body. Answer it in the callback, later, or with a
 * response that is streamed for as long as you like.
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
 * request stays valid, calls return WEFT_ERR_CLOSED, and on_gone (if set) is told; answer it all the same.
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

    /* What is not 0 here stands in place of the server's limits for requests of this route, once their head is there:
     *   http_body_max                       a Content-Length above it: 413 at once, before a byte of the body is read
     *   send_queue_max, _items, _soft, write_stall, ping_interval, pong_timeout       of their replies
     *   http_keepalive                      behind them
     * All others are about what comes before a route is known, and stay the server's. NULL: all of them do. */
    const weft_limits *limits;
} weft_request_handler;

/* ---- the request; everything borrowed, good until it is finished ------------------------------ */

WEFT_API weft_bytes weft_request_method(const weft_request *r); /* "GET"; case matters */
WEFT_API weft_bytes weft_request_target(const weft_request *r); /* as it was sent */
WEFT_API weft_bytes weft_request_path(const weft_request *r); /* as sent, without query: "/a%20b" */
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

/* While you have not answered: on_gone is told, from the loop, when the client has left. May be NULL. */
WEFT_API void weft_request_watch(weft_request *r, void (*on_gone)(weft_request *r, void *user),
                                 void *user);

/* ---- the reply ------------------------------------------------------------------------------- */

/* Add a header field to the reply that follows; a Content-Type replaces the one before. Content-Length,
 * Transfer-Encoding, Connection and Date are weft's. Errors: -EINVAL (a character that may not stand in a field, or
 * one of weft's), -ENOMEM. */
WEFT_API int weft_reply_field(weft_request *r, const char *name, const char *value);

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
    /* Buffered fell below half of send_queue_soft after it was above, or a write said WEFT_ERR_BACKLOG. */
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
 * Errors: as weft_respond, and -EINVAL when the status has no body (204, 304) and length says that there is one, or for
 * a size; on_close is not told then. */
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

/* Bytes of the reply queued and not yet taken by the kernel. */
WEFT_API size_t weft_reply_buffered(const weft_reply *r);

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

#ifdef __cplusplus
}
#endif
#endif
