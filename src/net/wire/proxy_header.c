/* SPDX-License-Identifier: MIT
 *
 * net/wire/proxy_header.c - the PROXY protocol, versions 1 and 2 (haproxy, doc/proxy-protocol.txt)
 */
#include "net/wire/proxy_header.h"

#include "base/bytes.h"

enum { V1_MAX = 107, V2_HEAD = 16, TLV_HEAD = 3 };

static const char v1_signature[] = "PROXY ";
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

static bool begins(const struct proxy_header *p, const char *signature, size_t len)
{
    return memcmp(p->bytes, signature, p->len < len ? p->len : len) == 0;
}

/* ---- version 1 ------------------------------------------------------------------------------- */

/* Digits without a leading zero, at most 65535. */
static bool parse_port(weft_bytes text, uint16_t *out)
{
    unsigned port = 0;
    if (!text.len || text.len > 5 || (text.len > 1 && text.data[0] == '0')) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* Digits and so on only: sock_numeric knows names, too. */
static bool parse_address(weft_bytes text, int family, struct sock_addr *out)
{
    char host[INET6_ADDRSTRLEN];
    if (!text.len || text.len >= sizeof host) return false;
    if (family == AF_INET && (text.data[0] < '0' || text.data[0] > '9')) return false;
    copy(host, text.data, text.len);
    host[text.len] = 0;
    return sock_numeric(out, host, 0) == 0 && out->sa.sa_family == family;
}

static int parse_v1(weft_bytes line, struct sock_addr *client)
{
    struct sock_addr server;
    uint16_t port, server_port;
    weft_bytes kind = bytes_cut(&line, ' ');
    if (bytes_is(kind, "UNKNOWN")) return PROXY_LOCAL;
    int family = bytes_is(kind, "TCP4") ? AF_INET : AF_INET6;
    if (family == AF_INET6 && !bytes_is(kind, "TCP6")) return WEFT_ERR_PROXY;
    if (!parse_address(bytes_cut(&line, ' '), family, client)) return WEFT_ERR_PROXY;
    if (!parse_address(bytes_cut(&line, ' '), family, &server)) return WEFT_ERR_PROXY;
    if (!parse_port(bytes_cut(&line, ' '), &port)) return WEFT_ERR_PROXY;
    if (!parse_port(line, &server_port)) return WEFT_ERR_PROXY;
    sock_set_port(client, port);
    return PROXY_ADDRESS;
}

static int judge_v1(const struct proxy_header *p, struct sock_addr *client)
{
    size_t before = sizeof v1_signature - 1;
    uint8_t last = p->bytes[p->len - 1];
    if (last == '\n' && p->bytes[p->len - 2] == '\r')
        return parse_v1((weft_bytes){p->bytes + before, p->len - before - 2}, client);
    if (last == '\n' || !last || p->len >= V1_MAX) return WEFT_ERR_PROXY;
    return PROXY_MORE;
}

/* ---- version 2 ------------------------------------------------------------------------------- */

static size_t number(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* What follows the addresses: types that we need not know, lengths that have to add up. */
static bool tlvs_are_whole(weft_bytes rest)
{
    while (rest.len) {
        size_t len = rest.len >= TLV_HEAD ? TLV_HEAD + number(rest.data + 1) : SIZE_MAX;
        if (len > rest.len) return false;
        rest = bytes_from(rest, len);
    }
    return true;
}

/* Source address, destination address, source port, destination port. */
static int parse_addresses(weft_bytes body, int family, struct sock_addr *client)
{
    size_t size = family == AF_INET ? 4 : 16, all = 2 * size + 4;
    if (body.len < all || !tlvs_are_whole(bytes_from(body, all))) return WEFT_ERR_PROXY;
    *client = (struct sock_addr){.len = family == AF_INET ? sizeof client->in : sizeof client->in6};
    client->sa.sa_family = (sa_family_t)family;
    if (family == AF_INET) copy(&client->in.sin_addr, body.data, size);
    else copy(&client->in6.sin6_addr, body.data, size);
    sock_set_port(client, (uint16_t)number(body.data + 2 * size));
    return PROXY_ADDRESS;
}

static int parse_v2(const struct proxy_header *p, struct sock_addr *client)
{
    weft_bytes body = {p->bytes + V2_HEAD, p->len - V2_HEAD};
    if (p->bytes[12] == 0x20) return PROXY_LOCAL;
    if (p->bytes[12] != 0x21) return WEFT_ERR_PROXY;
    switch (p->bytes[13]) {
    case 0x00: return PROXY_LOCAL; /* not known to the proxy */
    case 0x11: return parse_addresses(body, AF_INET, client);
    case 0x21: return parse_addresses(body, AF_INET6, client);
    case 0x31: return PROXY_LOCAL; /* its client came by a Unix socket */
    default: return WEFT_ERR_PROXY;
    }
}

static int judge_v2(const struct proxy_header *p, struct sock_addr *client)
{
    if (p->len < V2_HEAD) return PROXY_MORE;
    size_t whole = V2_HEAD + number(p->bytes + 14);
    if (whole > PROXY_MAX) return WEFT_ERR_PROXY;
    return p->len < whole ? PROXY_MORE : parse_v2(p, client);
}

/* ---- both ------------------------------------------------------------------------------------ */

static int judge(const struct proxy_header *p, struct sock_addr *client)
{
    if (begins(p, v1_signature, sizeof v1_signature - 1))
        return p->len < sizeof v1_signature - 1 ? PROXY_MORE : judge_v1(p, client);
    if (begins(p, v2_signature, sizeof v2_signature - 1)) return judge_v2(p, client);
    return PROXY_NONE;
}

int proxy_header_feed(struct proxy_header *p, weft_span *in, struct sock_addr *client)
{
    while (in->len) {
        p->bytes[p->len++] = in->data[0];
        span_skip(in, 1);
        int result = judge(p, client);
        if (result != PROXY_MORE) return result;
    }
    return PROXY_MORE;
}
