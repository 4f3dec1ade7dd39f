/* SPDX-License-Identifier: MIT
 *
 * net/forwarded.c - who is behind a proxy
 *
 * Each proxy on the way adds whom it saw at the end of X-Forwarded-For; what a client wrote there itself
 * comes first. So the list is read from the end, and only as far as the proxies are ours.
 */
#include "net/forwarded.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "net/links.h"

/* ---- reading --------------------------------------------------------------------------------- */

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

int forwarded_peer(const struct forwarded *f, const struct lane *l, char *text, size_t size)
{
    struct sock_addr peer;
    if (f && f->known) return sock_format(&f->client, text, size);
    int error = lane_peer(l, &peer);
    return error ? error : sock_format(&peer, text, size);
}

/* ---- keeping --------------------------------------------------------------------------------- */

struct kept {
    weft_link link;
    const weft_env *env;
    struct forwarded forwarded;
};

static const char owner[] = "net/forwarded";

static void on_gone(weft_link *link)
{
    struct kept *k = container_of(link, struct kept, link);
    mem_free(k->env, k);
}

int forwarded_keep(const struct forwarded *f, const weft_env *env, weft_link **links)
{
    if (!f->known && !f->secure) return 0;
    struct kept *k = mem_alloc(env, sizeof *k);
    if (!k) return -ENOMEM;
    *k = (struct kept){{.owner = owner, .on_gone = on_gone}, env, *f};
    links_add(links, &k->link);
    return 0;
}

const struct forwarded *forwarded_in(weft_link *links)
{
    const weft_link *link = links_find(links, owner);
    return link ? &container_of(link, const struct kept, link)->forwarded : NULL;
}
