/* SPDX-License-Identifier: MIT
 *
 * http/head.h - the head of an HTTP/1.1 message, parsed strictly (RFC 9112)
 *
 *      feed(bytes) -> 0 bring more -> 1 complete: the results stand in the struct
 *                                  -> negative: status and why say what is wrong
 *
 * Resumable at every byte. The head's bytes are copied once into one growing text; everything in
 * the results points into it and is good until head_deinit. A head may be moved by assignment.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <weft/handshake.h>

#include "base/buf.h"
#include "http/scan.h"

/* How a message's body is delimited (RFC 9112, 6.3). */
enum body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE };

struct head {
    /* both */
    int version; /* 10, or 11 for 1.1 and above */
    weft_field *fields;
    size_t n_fields;
    enum body_kind body;
    uint64_t length; /* of a BODY_LENGTH */
    bool keep_alive; /* 1.1 without Connection: close; never with 1.0 */

    /* requests */
    weft_bytes method;
    weft_bytes target; /* as it was sent */
    weft_bytes path;   /* begins with '/', as sent; "*" with OPTIONS * */
    weft_bytes base;   /* what a server has taken off its front; empty if nothing */
    weft_bytes query;  /* behind the '?'; empty if none */
    weft_bytes host;   /* Host, or the authority of an absolute-form target, which then also stands
                          in the field Host (RFC 9112, 3.2.2); empty only with HTTP/1.0 */
    bool expect_continue;

    /* responses; status is also what to answer when a request is refused: 400, 405, 414, 417, 431,
     * 501, 505 */
    int status;
    weft_bytes reason;
    const char
        *why; /* the violation in words, constant; a response's body has one without an error */

    /* inside */
    struct scan scan;
    struct buf text;
};

/* As the public headers have it; it borrows from h. */
static inline weft_request_head head_as_request(const struct head *h)
{
    return (weft_request_head){h->method, h->target, h->version, h->fields, h->n_fields};
}

/* limits may be NULL; kept, not copied. */
void head_init_request(struct head *h, const weft_env *env, const weft_limits *limits);
void head_init_response(struct head *h, const weft_env *env, const weft_limits *limits);

/* Consumes up to the end of the head and no byte further. 1 complete, 0 everything was taken:
 * bring more. Errors: WEFT_ERR_HTTP (status and why), -ENOMEM. Neither can be fed again. */
int head_feed(struct head *h, weft_span *in);

/* Whether a byte of the head has arrived: a deadline, or the end of the stream, then cuts it
 * off. */
static inline bool head_begun(const struct head *h)
{
    return h->text.len > 0;
}

void head_deinit(struct head *h);

/* A response in which something was malformed or too long: whether its first line is there, and in order; then only
 * that is its result, and the rest is forgotten. */
bool head_only_status(struct head *h);

/* For a head that scan has found complete: text is all of it, and fields has room for scan.lines. The results point
 * into text, in which folded lines are unfolded. 1, or WEFT_ERR_HTTP. */
int head_cut(struct head *h, weft_span text);

#endif
