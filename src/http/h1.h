/* SPDX-License-Identifier: MIT
 *
 * http/h1.h - the server's side of an HTTP/1.1 connection: requests in, replies out
 *
 *      weft_span ---h1_feed---> H1_HEAD ... H1_REQUEST      bytes go up
 *      outq <---h1_reply_begin, _write, _end, h1_upgrade    bytes come down, to the caller's queue
 *                      +---h1_hand_over---> framing          a reply that goes on without its parser
 *
 * One request at a time: while it waits for its reply the bytes of the next one stay in the
 * caller's span (H1_WAIT). The owner has the queue, the deadlines and the socket:
 *
 *      switch (h1_feed(h, &in)) {
 *      case H1_MORE:      read from the socket; deadline: http_keepalive if h1_idle(h),
 *                         else handshake_timeout
 *      case H1_HEAD:      the head is complete, h->head; may be answered already, or just feed on
 *      case H1_PIECE:     h->piece is what comes next of its body: only after h1_stream
 *      case H1_REQUEST:   the body is complete too, h->body; reply, or upgrade, now or later
 *      case H1_WAIT:      stop reading until the reply has ended; then feed what is left
 *      case H1_TUNNEL:    upgraded: the rest of in is not HTTP; h1_deinit, h is no longer needed
 *      case H1_DONE:      the last reply has ended: flush, and close
 *      case WEFT_ERR_HTTP: answer h->status with h->why as text, then H1_DONE
 *      case -ENOMEM:      the same with 503
 *      }
 *
 * Invariants: nothing is read behind a request that must be the last one; a reply that ends before
 * its request's body did is the last one; after h1_upgrade no memory of HTTP is held.
 */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include "base/outq.h"
#include "http/body.h"
#include "http/framing.h"
#include "http/head.h"

enum h1_result { H1_MORE, H1_HEAD, H1_PIECE, H1_REQUEST, H1_WAIT, H1_TUNNEL, H1_DONE };

struct h1 {
    struct head head; /* from H1_HEAD until the reply ends, unless taken */
    struct buf body;  /* from H1_REQUEST on, the same */
    int status;       /* after an error: what to answer */
    const char *why;
    uint32_t requests; /* that began on this connection */
    bool last;         /* no request after this one */

    const weft_env *env;
    const weft_limits *limits;
    struct outq *out;
    struct body decoder;
    weft_bytes piece;       /* at H1_PIECE; in the caller's bytes */
    uint64_t received;      /* of the body, so far */
    struct framing framing; /* of the reply */
    uint8_t in;             /* enum in h1.c: where the request is */
    bool has_head;          /* the request's is here: complete, and not taken */
    bool has_body;          /* the request declared one that is not empty */
    bool body_begun;        /* the decoder is set up, and 100 sent */
    bool streaming;         /* its bytes are the owner's as they come */
    bool is_head;           /* HEAD: the reply's body is left out */
    bool is_http10;         /* no chunks, no 101 */
    bool replying;          /* the head of the reply is out */
};

/* out must outlive h; limits are kept, may be NULL. */
void h1_init(struct h1 *h, const weft_env *env, const weft_limits *limits, struct outq *out);
void h1_deinit(struct h1 *h);

/* Right after h1_init: so many requests began on the connection before. */
void h1_continue(struct h1 *h, uint32_t requests);

/* An enum h1_result, WEFT_ERR_HTTP or -ENOMEM. With Expect: 100-continue the 100 is queued by the
 * first call behind H1_HEAD that wants body bytes, so whoever replies at H1_HEAD is spared the
 * body. */
int h1_feed(struct h1 *h, weft_span *in);

/* At H1_HEAD: how long the body of this request may be, if not http_body_max of the limits. */
void h1_body_max(struct h1 *h, uint64_t max);

/* The client has sent its last byte: H1_WAIT if a reply is still due, H1_DONE between requests,
 * WEFT_ERR_HTTP inside a request. */
int h1_eof(struct h1 *h);

/* Take the request: it is the caller's, to be freed by head_deinit and buf_deinit, and may
 * outlive h. At H1_REQUEST, or at H1_HEAD if its body is not wanted, or when the head is there and something behind
 * it was wrong. The reply goes on as if
 * it were here. */
void h1_take(struct h1 *h, struct head *head, struct buf *body);

/* At H1_HEAD: the same for the head; the body follows in pieces, and is not kept. */
void h1_stream(struct h1 *h, struct head *head);

/* Nothing of a next request has come: between requests. */
bool h1_idle(const struct h1 *h);

/* The head is there, and is still the h1's: also when something behind it was wrong. */
bool h1_has_head(const struct h1 *h);

/* The head is there, and of the body more is to come. */
bool h1_in_body(const struct h1 *h);

/* The current reply, or the next, is to be the last one; before h1_reply_begin the client is told
 * by Connection: close. Between requests h1_feed says H1_DONE at once. */
void h1_last(struct h1 *h);

/* The owner gives up on what is being read (408: a deadline passed; 503, 429: one connection too
 * many): as if h1_feed had found a violation, one last reply may follow. Nothing if a reply has
 * begun. */
void h1_refuse(struct h1 *h, int status, const char *why);

/* What has to be known to answer a request that was taken, if the h1 goes meanwhile; and one that has just been made is
 * as it was then. */
struct h1_waiting {
    uint32_t requests;
    bool last, is_head, is_http10;
};

struct h1_waiting h1_leave(const struct h1 *h);
void h1_come_back(struct h1 *h, const struct h1_waiting *w);

/* ---- the reply ------------------------------------------------------------------------------- */

#define H1_LENGTH_UNKNOWN UINT64_MAX

/* The head of the reply; the caller's fields must not hold Content-Length, Transfer-Encoding or
 * Connection. date, which may be NULL, is said if they have no Date. length is the body's, or H1_LENGTH_UNKNOWN: then
 * it is chunked, or ended by closing (HTTP/1.0). 204 and 304 have no body: with 204 length must be 0 or unknown, with
 * 304 any other is said of the body that is not there. After an error from h1_feed this is allowed too. Errors:
 * WEFT_ERR_STATE (no reply is due), -EINVAL (nothing was queued: another may be tried), -ENOMEM. */
int h1_reply_begin(struct h1 *h, int status, const weft_field *fields, size_t n_fields,
                   const char *date, uint64_t length);

/* A piece of the body; copies. With HEAD it is counted and dropped.
 * Errors: WEFT_ERR_STATE (not begun, or more than length), -ENOMEM. */
int h1_reply_write(struct h1 *h, const void *data, size_t len);

/* The reply is complete: frees the request (if not taken); h1_feed goes on with the next, or says
 * H1_DONE. Errors: WEFT_ERR_STATE (not begun; or less than length: the connection must be
 * dropped), -ENOMEM. */
int h1_reply_end(struct h1 *h);

/* The reply that has begun is written and ended by the caller from now on, as *to says, into the same
 * queue; h may be deinited. The request goes, if not taken. Afterwards, with h->last the connection ends
 * with the reply (closing is what ends a BODY_UNTIL_CLOSE); else the next request is for a fresh h1 that
 * continues from h->requests. If h is kept, h1_feed says H1_WAIT for ever. Errors: WEFT_ERR_STATE (not begun). */
int h1_hand_over(struct h1 *h, struct framing *to);

/* Whether a reply has been begun, and so cannot be replaced by another. */
bool h1_replying(const struct h1 *h);

/* Instead of a reply: the 101 with these fields, all of them the caller's (Upgrade, Connection,
 * Sec-WebSocket-Accept ...). h1_feed then says H1_TUNNEL and takes nothing. Frees the request.
 * Errors: WEFT_ERR_STATE (not at a request without body), -EINVAL, -ENOMEM. */
int h1_upgrade(struct h1 *h, const weft_field *fields, size_t n_fields);

#endif
