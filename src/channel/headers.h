/* SPDX-License-Identifier: MIT
 *
 * channel/headers.h - the header fields that every answer of a channel has, by what was asked for
 *
 *      answer to                Cache-Control             why
 *      ---------------------    ----------------------    ------------------------------------------------------
 *      a poll, a look, HEAD     private, no-cache         a browser keeps it and asks whether it is still so; with
 *                                                         no-store it would never ask
 *      the page                 no-cache
 *      streams                  no-cache, no-transform    who compresses, gathers; X-Accel-Buffering: no besides
 *      anything else, errors    no-store
 *
 * What answers a GET or a HEAD depends on Accept and Origin, and Vary says so. None may be taken for another type, none
 * says where one came from, and pages whose origin is not allowed cannot have any of them in themselves.
 */
#ifndef CHANNEL_HEADERS_H
#define CHANNEL_HEADERS_H

#include "channel/ask.h"

/* What pages of other origins see of an answer. Of preflights they are answered by the server. */
#define HEADERS_EXPOSED "ETag, Weft-Position, Retry-After"

struct header {
    const char *name, *value;
};

/* What the page may load, where it may connect to, and who may show it in a frame. */
#define HEADERS_POLICY                                                                       \
    "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; " \
    "frame-ancestors 'self'"

enum { HEADERS_MAX = 8 };

/* is_error: it is refused. origin_allowed: its Origin is there, and allowed. Returns how many there are; all are
 * constants. */
size_t headers_of(struct header out[HEADERS_MAX], enum ask ask, bool is_error, bool origin_allowed);

#endif
