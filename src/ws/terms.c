/* SPDX-License-Identifier: MIT
 *
 * ws/terms.c - version and subprotocols (RFC 6455, 4.2.1; RFC 8441, 5)
 */
#include "ws/terms.h"

#include "base/bytes.h"
#include "base/fields.h"
#include "base/limits.h"

static bool version_is_13(const weft_request_head *h)
{
    const weft_field *version = weft_field_find(h->fields, h->n_fields, "Sec-WebSocket-Version");
    return version && bytes_is(version->value, "13");
}

static struct elements subprotocols(const weft_request_head *h)
{
    return elements_of(h->fields, h->n_fields, "Sec-WebSocket-Protocol");
}

static bool is_among_first(const weft_request_head *h, size_t n, weft_bytes token)
{
    struct elements before = subprotocols(h);
    weft_bytes other;
    for (size_t i = 0; i < n && elements_next(&before, &other); i++)
        if (bytes_equal(token, other)) return true;
    return false;
}

/* A list of unique tokens, none empty (RFC 6455, 4.1 and 11.3.4). */
static const char *subprotocols_fault(const weft_request_head *h, const weft_limits *limits)
{
    size_t n = 0;
    struct elements e = subprotocols(h);
    for (weft_bytes token; elements_next(&e, &token); n++) {
        if (!bytes_is_token(token))
            return "Sec-WebSocket-Protocol holds something that is no token";
        if (n == limit_max_subprotocols(limits))
            return "too many subprotocols in Sec-WebSocket-Protocol";
        if (is_among_first(h, n, token)) return "Sec-WebSocket-Protocol names a subprotocol twice";
    }
    bool empty = !n && fields_count(h->fields, h->n_fields, "Sec-WebSocket-Protocol");
    return empty ? "Sec-WebSocket-Protocol is empty" : NULL;
}

int terms_fault(const weft_request_head *h, const weft_limits *limits, const char **why)
{
    *why = version_is_13(h) ? subprotocols_fault(h, limits) : "Sec-WebSocket-Version must be 13";
    if (!*why) return 0;
    return version_is_13(h) ? 400 : 426;
}
