/* SPDX-License-Identifier: MIT
 *
 * net/web/proxied.c - who is behind a proxy
 *
 * Each proxy on the way adds whom it saw at the end of X-Forwarded-For; what a client wrote there itself
 * comes first. So the list is read from the end, and only as far as the proxies are ours.
 */
#include "net/web/proxied.h"

#include "base/alloc.h"

struct proxied *proxied_new(const weft_env *env)
{
    struct proxied *p = mem_zalloc(env, sizeof *p);
    if (!p) return NULL;
    p->header = mem_zalloc(env, sizeof *p->header);
    if (p->header) return p;
    mem_free(env, p);
    return NULL;
}

void proxied_free(struct proxied *p, const weft_env *env)
{
    if (!p) return;
    mem_free(env, p->header);
    mem_free(env, p);
}

int proxied_feed(struct proxied *p, const struct trust *trust, weft_span *in, weft_span *more_first)
{
    *more_first = (weft_span){0};
    int result = proxy_feed(p->header, in, &p->client);
    if (result < 0 || result == PROXY_MORE) return result < 0 ? result : 0;
    p->known = result == PROXY_ADDRESS;
    p->settled = p->known && !trust_has(trust, &p->client);
    if (result == PROXY_NONE) *more_first = (weft_span){p->header->bytes, p->header->len};
    return 1;
}

void proxied_end_header(struct proxied *p, const weft_env *env)
{
    mem_free(env, p->header);
    p->header = NULL;
}

/* ---- X-Forwarded-* --------------------------------------------------------------------------- */

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
static bool look_through(struct proxied *p, const struct trust *trust, weft_bytes list)
{
    while (list.len) {
        struct sock_addr a;
        if (!parse_address(cut_last(&list), &a)) return false;
        p->client = a;
        p->known = true;
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

void proxied_take_fields(struct proxied *p, const struct trust *trust, const struct head *h)
{
    bool more = true, proto = true;
    if (p->settled) return;
    p->known = p->secure = false;
    for (size_t i = h->n_fields; i-- > 0;) {
        const weft_field *f = &h->fields[i];
        if (more && bytes_is_nocase(f->name, "X-Forwarded-For"))
            more = look_through(p, trust, f->value);
        if (!proto || !bytes_is_nocase(f->name, "X-Forwarded-Proto")) continue;
        p->secure = is_secure(f->value);
        proto = false;
    }
}
