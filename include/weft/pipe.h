/* SPDX-License-Identifier: MIT
 *
 * weft/pipe.h - a connection for bytes, on the same loop: to a database, a broker, whatever stands behind your server
 *
 *      static void hello(weft_pipe *p)
 *      {
 *          if (weft_pipe_write(p, "PING\r\n", 6) < 0) weft_pipe_abort(p);
 *      }
 *
 *      static const weft_pipe_handler handler = {.on_open = hello, .on_bytes = answered, .on_close = ended};
 *
 *      weft_pipe_connect(NULL, loop, "tcp://localhost:6379", NULL, &handler, NULL);
 *
 * It has what a WebSocket has of weft: names are resolved without waiting, TLS, proxies, output that is queued within
 * limits and goes out with the turn, pausing, and one on_close. It has no keep-alive: what is silent may be so for
 * ever,
 * and who wants to know whether the peer is there asks it in the protocol that is spoken. Whoever takes none of our
 * bytes for write_stall is dropped, and connecting has its deadlines (dial.h).
 *
 * A weft_pipe is good from weft_pipe_connect until on_close returns. What may outlive it keeps the weft_id. No function
 * here calls you back: callbacks come from the loop. All of it is for the loop's thread, but for weft_pipe_call.
 */
#ifndef WEFT_PIPE_H
#define WEFT_PIPE_H

#include <weft/dial.h>
#include <weft/peer.h>
#include <weft/piece.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_pipe weft_pipe;

/* All optional, and told by the loop. */
typedef struct weft_pipe_handler {
    /* It is connected, through the proxy, and TLS is done. */
    void (*on_open)(weft_pipe *p);

    /* Bytes have come, in pieces that mean nothing; on loan until the call returns, and may be changed in place. */
    void (*on_bytes)(weft_pipe *p, void *data, size_t len);

    /* There is room to write again: weft_pipe_backlogged was true, and what is queued has fallen below half of
     * send_queue_soft and a quarter of send_queue_items. */
    void (*on_drain)(weft_pipe *p);

    /* Exactly once, whatever ended it, and the last use of p. error is 0 when it ended in order: the peer ended its
     * stream, or you closed, and everything that was queued has been taken by the kernel. Else
     *   WEFT_ERR_CLOSED                          you aborted it, or the loop was freed (cause says which)
     *   WEFT_ERR_LOST                            TLS ended without close_notify: something may be missing
     *   -ECONNRESET, -EPIPE, -ETIMEDOUT ...      the connection broke
     *   WEFT_ERR_TIMEOUT                         the peer took nothing for write_stall, or connecting took too long
     *   WEFT_ERR_RESOLVE, -ECONNREFUSED, WEFT_ERR_PROXY, WEFT_ERR_TLS, WEFT_ERR_CERTIFICATE ...: it could not connect
     *   -ENOMEM
     * cause says it in words, "" with 0 only. */
    void (*on_close)(weft_pipe *p, int error, const char *cause);
} weft_pipe_handler;

/* Begin to connect. url is "tcp://host:port", "tls://host:port", "unix:/path" or "unix:@name" (abstract). dial, h and
 * out may be NULL; *out is NULL after an error. on_open follows, or on_close.
 * Errors (nothing follows): WEFT_ERR_URL, WEFT_ERR_ADDRESS (dial's address or source), -EINVAL (dial's proxy or
 * server_name, a size), WEFT_ERR_RESOLVE (a name too long), -EAGAIN (no thread for the resolver), -ENOMEM. */
WEFT_API int weft_pipe_connect_sized(weft_pipe **out, weft_loop *l, const char *url,
                                     const weft_dial *dial, size_t dial_size, size_t limits_size,
                                     const weft_pipe_handler *h, size_t h_size, void *user);
static inline int weft_pipe_connect(weft_pipe **out, weft_loop *l, const char *url,
                                    const weft_dial *dial, const weft_pipe_handler *h, void *user)
{
    return weft_pipe_connect_sized(out, l, url, dial, sizeof *dial, sizeof(weft_limits), h,
                                   sizeof *h, user);
}

/* Queue bytes; they go out at the end of the turn, or when it is open. Nothing is queued after an error:
 * WEFT_ERR_CLOSED (it has been closed, has ended, or the peer has ended its stream), WEFT_ERR_BACKLOG (more than
 * send_queue_max or send_queue_items was queued already, however much this is: on_drain follows), -ENOMEM. */
WEFT_API WEFT_CHECK int weft_pipe_write(weft_pipe *p, const void *data, size_t len);

/* Queue a piece by reference: no copy. Errors: as weft_pipe_write. */
WEFT_API WEFT_CHECK int weft_pipe_write_piece(weft_pipe *p, weft_piece *piece);

/* End behind what is queued, also while it still connects (with nothing queued it need not): the rest is written, then
 * the end of TLS and of the stream, and on_close follows. on_bytes and on_open are not told any more, and what the peer
 * still sends is read and dropped for a while (discard_max, close_timeout), so that no reset takes our last bytes from
 * it. A second call does nothing. */
WEFT_API void weft_pipe_close(weft_pipe *p);

/* Drop it now: TCP is reset, what is queued is lost. on_close follows before the turn ends. */
WEFT_API void weft_pipe_abort(weft_pipe *p);

/* Stop and go on reading. What a paused peer sends stays in the kernel, which slows it down; its end is noticed when
 * nothing unread lies before it, and a reset at once. May be said before on_open. */
WEFT_API void weft_pipe_pause(weft_pipe *p);
WEFT_API void weft_pipe_resume(weft_pipe *p);

/* Bytes queued and not yet taken by the kernel. */
WEFT_API size_t weft_pipe_buffered(const weft_pipe *p);

/* Whether more is queued than send_queue_soft, or than half of send_queue_items, or a write was refused: on_drain
 * follows. Who passes on what comes from elsewhere pauses that then, and resumes it in on_drain. */
WEFT_API bool weft_pipe_backlogged(const weft_pipe *p);

WEFT_API bool weft_pipe_is_open(const weft_pipe *p); /* from on_open on, and not closed */
WEFT_API weft_loop *weft_pipe_loop(const weft_pipe *p);
WEFT_API void *weft_pipe_user(const weft_pipe *p);
WEFT_API void weft_pipe_set_user(weft_pipe *p, void *user);

/* Who is at the other end; borrowed, good as long as p (in on_close, too). NULL before on_open, or without memory. */
WEFT_API weft_peer *weft_pipe_peer(weft_pipe *p);

/* Its name, for other threads: call it there. NULL: it is over (in on_close, too), or on another loop. */
WEFT_API weft_id weft_pipe_id(const weft_pipe *p);
WEFT_API weft_pipe *weft_pipe_find(const weft_loop *l, weft_id id);

/* Call fn exactly once, soon, in the thread of the id's loop (l may be any of a server's): with the pipe, or with NULL
 * when that is over. Any thread. Errors: -ENOMEM, and fn is not called. */
WEFT_API WEFT_CHECK int weft_pipe_call(weft_loop *l, weft_id id,
                                       void (*fn)(weft_pipe *p, void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
