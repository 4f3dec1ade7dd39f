/* SPDX-License-Identifier: MIT
 *
 * access/place.h - where a token is found
 *
 *      envelope        {"token":"..."}                                of weft.v1
 *      Authorization   Bearer ...
 *      subprotocol     Sec-WebSocket-Protocol: weft.v1, weft.token....   of browsers' WebSockets
 *      query           ?token=...                                     of EventSource; logs and histories have it
 *      cookie          weft_token=...                                 sent by the browser, whoever made it
 *
 * The first that there is counts. A cookie counts only where the browser says on whose behalf it was sent.
 */
#ifndef ACCESS_PLACE_H
#define ACCESS_PLACE_H

#include <weft/base.h>

enum { PLACE_TOKEN_MAX = 8192 };

enum place {
    PLACE_NONE,
    PLACE_ENVELOPE,
    PLACE_AUTHORIZATION,
    PLACE_SUBPROTOCOL,
    PLACE_QUERY,
    PLACE_COOKIE
};

/* Fields of a request, empty where there is none. */
struct places {
    weft_bytes envelope, authorization, subprotocols, query, cookies;
};

struct found {
    enum place place;
    weft_bytes token; /* too long for buffer: it has PLACE_TOKEN_MAX + 1 bytes */
    char buffer[PLACE_TOKEN_MAX + 2];
};

/* out->token lies in the places, or in its buffer. */
void place_find(struct found *out, const struct places *in);

#endif
