/* SPDX-License-Identifier: MIT
 *
 * net/forwarded.c - who is behind a proxy
 *
 * Each proxy on the way adds whom it saw at the end of X-Forwarded-For; what a client wrote there itself
 * comes first. So the list is read from the end, and only as far as the proxies are ours.
 */
#include "net/forwarded.h"

#include "base/bytes.h"

/* An IP address, with or without port. */
static bool parse_address(weft_bytes text, struct sock_addr *out)
{
    char host[SOCK_TEXT];
    if (!text.len || text.len >= sizeof host ||
        !memchr("[:0123456789abcdefABCDEF", text.data[0], 24))
        return false;
    copy(host, text.data, text.len);
    host[text.len] = 0;
    return sock_numeric(out, host, 0) == 0 || sock_parse(out, host) == 0;
}

static weft_bytes cut_last(weft_bytes *list)
{
    return bytes_trim(bytes_cut_last(list, ','));
}

/* false: the search is over. */
static bool look_through(struct forwarded *f, const struct trust *trust, weft_bytes list)
{
    while (list.len) {
        struct sock_addr a;
        if (!parse_address(cut_last(&list), &a)) return false;
        f->client = a;
        f->known = true;
        if (!trust_has(trust, &a)) return false;
    }
    return true;
}

/* What the nearest proxy says, which is the last. */
static bool is_secure(weft_bytes list)
{
    weft_bytes last = cut_last(&list);
    return bytes_is_nocase(last, "https") || bytes_is_nocase(last, "wss");
}

void forwarded_read(struct forwarded *f, const struct trust *trust, const weft_field *fields,
                    size_t n)
{
    bool more = true, proto = true;
    *f = (struct forwarded){0};
    while (n-- > 0) {
        const weft_field *field = &fields[n];
        if (more && bytes_is_nocase(field->name, "X-Forwarded-For"))
            more = look_through(f, trust, field->value);
        if (!proto || !bytes_is_nocase(field->name, "X-Forwarded-Proto")) continue;
        f->secure = is_secure(field->value);
        proto = false;
    }
}

int forwarded_peer(const struct forwarded *f, const struct lane *l, struct sock_addr *out)
{
    if (!f || !f->known) return lane_peer(l, out);
    *out = f->client;
    return 0;
}
