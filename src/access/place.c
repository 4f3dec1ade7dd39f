/* SPDX-License-Identifier: MIT
 *
 * access/place.c - one reader for each place, in the order in which they count
 */
#include "access/place.h"

#include <errno.h>
#include <string.h>

#include <weft/aux.h>
#include <weft/handshake.h>

#include "access/text.h"

static bool take(struct found *out, enum place place, weft_bytes token)
{
    if (!token.len) return false;
    out->place = place;
    out->token = token;
    return true;
}

static bool in_subprotocols(struct found *out, weft_bytes list)
{
    static const char prefix[] = "weft.token.";
    weft_bytes one;
    while (weft_token_next(&list, &one))
        if (text_begins(one, text_of(prefix)))
            return take(out, PLACE_SUBPROTOCOL, text_behind(one, sizeof prefix - 1));
    return false;
}

/* n: as weft_query_get says it. What was too long is there, as something too long to be a token; what is not in form,
   as * something that is none. */
static bool decoded(struct found *out, enum place place, int n)
{
    if (n == -ENOENT || n == 0) return false;
    if (n < 0) {
        n = n == -ENOSPC ? PLACE_TOKEN_MAX + 1 : 1;
        memset(out->buffer, '%', (size_t)n);
    }
    return take(out, place, (weft_bytes){(uint8_t *)out->buffer, (size_t)n});
}

void place_find(struct found *out, const struct places *in)
{
    out->place = PLACE_NONE;
    out->token = (weft_bytes){0};
    if (take(out, PLACE_ENVELOPE, in->envelope)) return;
    if (take(out, PLACE_AUTHORIZATION, weft_auth_token(in->authorization, "bearer"))) return;
    if (in_subprotocols(out, in->subprotocols)) return;
    if (decoded(out, PLACE_QUERY,
                weft_query_get(in->query, "token", out->buffer, sizeof out->buffer)))
        return;
    decoded(out, PLACE_COOKIE,
            weft_cookie_get(in->cookies, "weft_token", out->buffer, sizeof out->buffer));
}
