/* SPDX-License-Identifier: MIT
 *
 * weft/http.h - plain HTTP requests on the same port
 *
 * A request reaches you complete, with its body. Answer it in the callback, later, or with a
 * response that is streamed for as long as you like.
 *
 *      static void hello(weft_request *r, void *user)
 *      {
 *          weft_reply(r, 200, "text/plain", "hello\n", 6);
 *      }
 *
 * A weft_request is yours from the callback until you finish the reply (weft_reply, weft_reply_end,
 * weft_reply_abort): these free it, whatever they return. If the client leaves before, the request stays valid, calls
 * return WEFT_ERR_CLOSED, and on_gone (if set) is told; finish it all the same.
 */
#ifndef WEFT_HTTP_H
#define WEFT_HTTP_H

#include <weft/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_request weft_request;

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
WEFT_API int weft_request_peer(const weft_request *r, char *text,
                               size_t size); /* as weft_conn_peer */
WEFT_API bool weft_request_is(const weft_request *r, const char *method);

/* ---- the reply ------------------------------------------------------------------------------- */

/* Add a header field to the reply that follows. Content-Length, Transfer-Encoding, Connection and
 * Date are weft's. Errors: -EINVAL (a character that may not stand in a field, or one of
 * weft's), WEFT_ERR_STATE (the head is out already), -ENOMEM. */
WEFT_API int weft_reply_field(weft_request *r, const char *name, const char *value);

/* The whole reply. type is the Content-Type (NULL: none). With HEAD the body is left
 * out and its length said. Finishes the request. Errors: WEFT_ERR_CLOSED, WEFT_ERR_STATE (begun
 * already), -EINVAL (status not 200-599), -ENOMEM (the client gets a 500, or its connection ends). */
WEFT_API int weft_reply(weft_request *r, int status, const char *type, const void *body,
                        size_t len);

/* Begin a reply whose body follows in pieces. length is the body's, or WEFT_LENGTH_UNKNOWN: then it
 * is chunked (to an HTTP/1.0 client: ended by closing). Errors: as weft_reply. */
WEFT_API int weft_reply_begin(weft_request *r, int status, const char *type, uint64_t length);
#define WEFT_LENGTH_UNKNOWN UINT64_MAX

/* Queue a piece of the body; goes out at the end of the turn.
 * Errors: WEFT_ERR_CLOSED, WEFT_ERR_STATE (not begun, or more than length), WEFT_ERR_BACKLOG (limit
 * send_queue_max; nothing was queued), -ENOMEM. */
WEFT_API int weft_reply_write(weft_request *r, const void *data, size_t len);

/* The body is complete. Finishes the request. Errors: WEFT_ERR_CLOSED, WEFT_ERR_STATE (less than
 * length was written: the connection is closed so that the client notices). */
WEFT_API int weft_reply_end(weft_request *r);

/* Give up: drop the connection so that the client sees a broken reply. Finishes the request. */
WEFT_API void weft_reply_abort(weft_request *r);

/* Bytes of the reply queued and not yet taken by the kernel. */
WEFT_API size_t weft_reply_buffered(const weft_request *r);

/* For replies that take time. on_drain: buffered fell below half of send_queue_soft after it was
 * above. on_gone: the client left. Either may be NULL; both come from the loop. */
WEFT_API void weft_request_watch(weft_request *r, void (*on_drain)(weft_request *r, void *user),
                                 void (*on_gone)(weft_request *r, void *user), void *user);

#ifdef __cplusplus
}
#endif
#endif
