/* SPDX-License-Identifier: MIT
 *
 * http/body_user.c - the body of a response, for who brings his own sockets (weft/handshake.h)
 *
 * The user's weft_body holds a struct body; it is copied out and back, because his memory has the type that he gave it.
 */
#include <weft/handshake.h>

#include "http/body.h"
#include "http/head_check.h"

_Static_assert(sizeof(struct body) <= sizeof((weft_body){0}.inside), "it fits");
_Static_assert((int)WEFT_BODY_MORE == (int)BODY_MORE && (int)WEFT_BODY_PIECE == (int)BODY_PIECE &&
                   (int)WEFT_BODY_END == (int)BODY_END,
               "the same words");
_Static_assert((int)WEFT_BODY_NONE == (int)BODY_NONE && (int)WEFT_BODY_LENGTH == (int)BODY_LENGTH &&
                   (int)WEFT_BODY_CHUNKED == (int)BODY_CHUNKED &&
                   (int)WEFT_BODY_UNTIL_CLOSE == (int)BODY_UNTIL_CLOSE,
               "the same words");

static struct body inside(const weft_body *b)
{
    struct body body;
    copy(&body, b->inside, sizeof body);
    return body;
}

static int keep(weft_body *b, const struct body *body, int result)
{
    copy(b->inside, body, sizeof *body);
    b->why = result < 0 ? body->why : "";
    return result;
}

/* No bytes of the answer to HEAD; behind a 2xx to CONNECT the tunnel begins (RFC 9112, 6.3). */
static bool never_has_one(const weft_response_head *r, weft_bytes method)
{
    bool tunnel = bytes_is(method, "CONNECT") && r->status >= 200 && r->status < 300;
    return tunnel || bytes_is(method, "HEAD");
}

int weft_body_begin(weft_body *b, const weft_response_head *r, const char *method)
{
    struct head h = {.version = r->version,
                     .status = r->status,
                     .fields = (weft_field *)(uintptr_t)r->fields, /* which are only read */
                     .n_fields = r->n_fields,
                     .scan.response = true};
    struct body body;
    int error = never_has_one(r, bytes_of(method)) ? 0 : head_check_response_body(&h);
    (void)body_init(&body, h.body, h.length, UINT64_MAX);
    if (error) body.why = h.why;
    return keep(b, &body, error ? error : (int)h.body);
}

int weft_body_read(weft_body *b, weft_span *in, weft_bytes *piece)
{
    struct body body = inside(b);
    return keep(b, &body, body_read(&body, in, piece));
}

int weft_body_eof(weft_body *b)
{
    struct body body = inside(b);
    return keep(b, &body, body_eof(&body));
}

uint64_t weft_body_left(const weft_body *b)
{
    struct body body = inside(b);
    if (body.kind == BODY_NONE) return 0;
    return body.kind == BODY_LENGTH ? body.left : UINT64_MAX;
}
