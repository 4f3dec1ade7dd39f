/* SPDX-License-Identifier: MIT
 *
 * ws/terms.c - version, subprotocols, and the form of extensions (RFC 6455, 4.2.1; RFC 8441, 5)
 */
#include "ws/terms.h"

#include "base/bytes.h"
#include "base/fields.h"
#include "base/limits.h"
#include "ws/extension_list.h"

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

static const char *fault(const weft_request_head *h, const weft_limits *limits)
{
    const char *why = subprotocols_fault(h, limits);
    if (why || extension_list_valid(h->fields, h->n_fields)) return why;
    return "Sec-WebSocket-Extensions is no list of extensions: name; parameter; parameter=value, name";
}

int terms_fault(const weft_request_head *h, const weft_limits *limits, const char **why)
{
    bool known = version_is_13(h);
    *why = known ? fault(h, limits) : "Sec-WebSocket-Version must be 13";
    if (!*why) return 0;
    return known ? 400 : 426;
}
