/* SPDX-License-Identifier: MIT
 *
 * ws/origin.c - may this page open a WebSocket here? (RFC 6454; RFC 6455, 10.2)
 *
 * An origin is scheme, host and port; all three are compared, after lower case and default ports.
 * What cannot be taken apart (a path, user information) is no origin, and matches nothing but "*". "null" is what
 * browsers say of pages that are nobody's: it matches itself.
 */
#include <weft/handshake.h>

#include "base/bytes.h"

enum { PORT_NONE = -1 };

struct origin {
    weft_bytes scheme, host;
    int port; /* PORT_NONE: a scheme without a default, and none given */
};

static int default_port(weft_bytes scheme)
{
    if (bytes_is_nocase(scheme, "http") || bytes_is_nocase(scheme, "ws")) return 80;
    if (bytes_is_nocase(scheme, "https") || bytes_is_nocase(scheme, "wss")) return 443;
    return PORT_NONE;
}

/* 0-65535 in digits, or -1. */
static int parse_port(weft_bytes text)
{
    int port = 0;
    if (!text.len || text.len > 5) return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return -1;
        port = port * 10 + (text.data[i] - '0');
    }
    return port <= 65535 ? port : -1;
}

static bool is_host_char(uint8_t c)
{
    return c > 0x20 && c < 0x7f && !strchr("/?#@\\[]:,\"<>^`{|}*", c);
}

/* How long the host at the front is, brackets of an IPv6 literal included; 0 if there is none. */
static size_t host_len(weft_bytes text)
{
    size_t n = 0;
    if (text.len && text.data[0] == '[') {
        while (n < text.len && text.data[n] != ']') n++;
        return n < text.len && n > 1 ? n + 1 : 0;
    }
    while (n < text.len && is_host_char(text.data[n])) n++;
    return n;
}

/* host[:port], nothing behind it. */
static bool parse_authority(weft_bytes text, struct origin *o)
{
    size_t n = host_len(text);
    o->host = (weft_bytes){text.data, n};
    o->port = default_port(o->scheme);
    if (!n || n == text.len) return n > 0;
    if (text.data[n] != ':') return false;
    o->port = parse_port(bytes_from(text, n + 1));
    return o->port >= 0;
}

static bool parse_origin(weft_bytes text, struct origin *o)
{
    size_t n = 0;
    while (n < text.len && text.data[n] != ':') n++;
    if (!n || text.len - n < 3 || memcmp(text.data + n, "://", 3) != 0) return false;
    o->scheme = (weft_bytes){text.data, n};
    return parse_authority(bytes_from(text, n + 3), o);
}

static bool same(const struct origin *a, const struct origin *b)
{
    return bytes_equal_nocase(a->scheme, b->scheme) && bytes_equal_nocase(a->host, b->host) &&
           a->port == b->port;
}

/* 127.x.x.x, each a number of at most three digits. */
static bool is_loopback_v4(weft_bytes host)
{
    weft_bytes rest = host;
    for (int i = 0; i < 4; i++) {
        if (!rest.len) return false;
        weft_bytes part = bytes_cut(&rest, '.');
        int number = part.len <= 3 ? parse_port(part) : -1;
        if (number < 0 || number > 255 || (i == 0 && number != 127)) return false;
    }
    return rest.len == 0 && host.data[host.len - 1] != '.';
}

static bool is_loopback_host(weft_bytes host)
{
    return bytes_is_nocase(host, "localhost") || bytes_is(host, "[::1]") || is_loopback_v4(host);
}

static bool is_web(const struct origin *o)
{
    return bytes_is_nocase(o->scheme, "http") || bytes_is_nocase(o->scheme, "https");
}

static bool is_same_origin(const weft_request_head *head, const struct origin *page, bool secure)
{
    const weft_field *host = weft_field_find(head->fields, head->n_fields, "Host");
    struct origin here = {.scheme = bytes_of(secure ? "https" : "http")};
    return host && parse_authority(host->value, &here) && same(page, &here);
}

bool weft_origin_check(const weft_request_head *head, const char *const *allowed, bool secure,
                       bool loopback, weft_bytes *origin)
{
    static const char *const only_same[] = {"same", NULL};
    struct origin page, other;
    size_t n = 0;
    *origin = (weft_bytes){0};
    for (size_t i = 0; i < head->n_fields; i++) {
        if (!bytes_is_nocase(head->fields[i].name, "Origin")) continue;
        *origin = head->fields[i].value;
        n++;
    }
    if (!n) return true;
    bool parsed = n == 1 && parse_origin(*origin, &page);
    if (parsed && !allowed && loopback && is_web(&page) && is_loopback_host(page.host)) return true;
    for (const char *const *p = allowed ? allowed : only_same; *p; p++) {
        if (strcmp(*p, "*") == 0) return true;
        if (n == 1 && strcmp(*p, "null") == 0 && bytes_is(*origin, "null")) return true;
        if (!parsed) continue;
        if (strcmp(*p, "same") == 0 && is_same_origin(head, &page, secure)) return true;
        if (parse_origin(bytes_of(*p), &other) && same(&page, &other)) return true;
    }
    return false;
}

bool weft_origin_valid(const char *text)
{
    struct origin o;
    return strcmp(text, "null") == 0 || parse_origin(bytes_of(text), &o);
}
