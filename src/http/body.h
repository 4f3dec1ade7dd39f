/* SPDX-License-Identifier: MIT
 *
 * http/body.h - the body of an HTTP/1.1 message, cut out of the stream (RFC 9112, 6 and 7)
 *
 * read() hands out the body's bytes where they lie in the input. Chunk sizes, extensions and
 * trailers are checked, bounded, and dropped. Holds no memory.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/head.h"

enum body_result { BODY_MORE, BODY_PIECE, BODY_END };

struct body {
    enum body_kind kind;
    uint64_t
        left; /* of the body, or of the current chunk; while its size is read, the size so far */
    uint64_t room; /* how much more body the limit allows */
    int status;    /* after an error: what to answer, 400 or 413 */
    const char *why;

    uint8_t state;  /* enum in body.c */
    uint8_t digits; /* of the chunk size so far */
    uint32_t extra; /* bytes of extensions, or of trailers, so far */
};

/* max: a longer body, or one that declares more, is refused with 413. Errors: WEFT_ERR_HTTP
 * (413). */
int body_init(struct body *b, enum body_kind kind, uint64_t length, uint64_t max);

/* BODY_PIECE: piece is the next part, borrowed from in; BODY_END: complete, in begins behind it;
 * BODY_MORE: everything was taken. Errors: WEFT_ERR_HTTP (status and why). */
int body_read(struct body *b, weft_span *in, weft_bytes *piece);

/* The stream ended: BODY_END if the body may end here, else WEFT_ERR_HTTP. */
int body_eof(struct body *b);

#endif
