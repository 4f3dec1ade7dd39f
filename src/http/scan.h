/* SPDX-License-Identifier: MIT
 *
 * http/scan.h - whether bytes are a head, as far as form goes (RFC 9112): resumable, and keeps none of them
 *
 * It only knows where in the head it is. Behind a complete one its bytes are nothing but well-formed lines that end in
 * CRLF, so that who cuts them apart needs no further doubt. A violation is found at its first byte.
 */
#ifndef HTTP_SCAN_H
#define HTTP_SCAN_H

#include <weft/base.h>

struct scan {
    const weft_limits *limits;
    size_t len;      /* of the head so far; an empty line in front of a request is not of it */
    size_t line;     /* where in it the current line begins */
    size_t lines;    /* header fields so far */
    const char *why; /* the violation in words, constant */
    int status;      /* what to answer to it: 400, 414, 431, 505 */
    uint8_t state;   /* enum in scan.c */
    uint8_t matched; /* characters of the version or digits of the status */
    bool response;
    bool folded; /* a response: a line goes on with the one before */
};

/* limits may be NULL; kept, not copied. */
void scan_init(struct scan *s, const weft_limits *limits, bool response);

/* Consumes up to the end of the head and no byte further; what is of the head is the last of it. 1 complete, 0
 * everything was taken: bring more, WEFT_ERR_HTTP. Then, and when it is complete, it cannot be fed again. */
int scan_feed(struct scan *s, weft_span *in);

#endif
