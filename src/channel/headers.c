/* SPDX-License-Identifier: MIT
 *
 * channel/headers.c - a few fields, each with a reason to be there or not
 */
#include "channel/headers.h"

static bool is_stream(enum ask ask)
{
    return ask == ASK_SSE || ask == ASK_STREAM || ask == ASK_STREAM_RAW;
}

/* Enum ask has what GET may mean in one row. */
static bool is_read(enum ask ask)
{
    return ask >= ASK_SSE && ask <= ASK_POSITION;
}

static const char *caching(enum ask ask, bool is_error)
{
    if (is_error) return "no-store";
    switch (ask) {
    case ASK_POLL:
    case ASK_LOOK:
    case ASK_POSITION: return "private, no-cache";
    case ASK_PAGE: return "no-cache";
    case ASK_SSE:
    case ASK_STREAM:
    case ASK_STREAM_RAW: return "no-cache, no-transform";
    default: return "no-store";
    }
}

size_t headers_of(struct header out[HEADERS_MAX], enum ask ask, bool is_error, bool origin_allowed)
{
    size_t n = 0;
    out[n++] = (struct header){"Cache-Control", caching(ask, is_error)};
    if (is_stream(ask) && !is_error) out[n++] = (struct header){"X-Accel-Buffering", "no"};
    out[n++] = (struct header){"Vary", is_read(ask) ? "Accept, Origin" : "Origin"};
    out[n++] = (struct header){"X-Content-Type-Options", "nosniff"};
    out[n++] = (struct header){"Referrer-Policy", "no-referrer"};
    if (ask == ASK_PAGE) out[n++] = (struct header){"Content-Security-Policy", HEADERS_POLICY};
    if (origin_allowed)
        out[n++] = (struct header){"Access-Control-Expose-Headers", HEADERS_EXPOSED};
    else out[n++] = (struct header){"Cross-Origin-Resource-Policy", "same-origin"};
    return n;
}
