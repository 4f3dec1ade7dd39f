/* SPDX-License-Identifier: MIT
 *
 * net/wire/proxied.c - the bytes that may be a PROXY header
 */
#include "net/wire/proxied.h"

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

int proxied_feed(struct proxied *p, weft_span *in, weft_span *more_first)
{
    *more_first = (weft_span){0};
    int result = proxy_feed(p->header, in, &p->client);
    if (result < 0 || result == PROXY_MORE) return result < 0 ? result : 0;
    p->known = result == PROXY_ADDRESS;
    if (result == PROXY_NONE) *more_first = (weft_span){p->header->bytes, p->header->len};
    return 1;
}

void proxied_end_header(struct proxied *p, const weft_env *env)
{
    mem_free(env, p->header);
    p->header = NULL;
}
