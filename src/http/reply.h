/* SPDX-License-Identifier: MIT
 *
 * http/reply.h - writes HTTP/1.1 heads into an output queue, checking every part
 *
 * What cannot be written correctly is refused as a whole: the queue then is as it was.
 * Errors of both writers: -EINVAL (a character that may not stand there), -ENOMEM.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "base/outq.h"
#include "http/head.h"

/* The standard reason phrase, "" for a status that has none. */
const char *reply_status_text(int status);

/* Whether this may be sent as a header field: a token, and a value without CR, LF and NUL. */
bool reply_field_valid(weft_bytes name, weft_bytes value);

struct reply {
    int status;       /* 100 to 599 */
    const char *date; /* as Date; NULL: none */
    const weft_field *fields;
    size_t n_fields;
    enum body_kind body; /* BODY_LENGTH: Content-Length; BODY_CHUNKED: Transfer-Encoding */
    uint64_t length;
    bool close; /* Connection: close */
};

int reply_head(struct outq *out, const weft_env *env, const struct reply *r);

/* A request without body: GET with a target, CONNECT with host:port. fields hold Host too. */
int request_head(struct outq *out, const weft_env *env, const char *method, weft_bytes target,
                 const weft_field *fields, size_t n_fields);

#endif
