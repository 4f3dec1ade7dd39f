/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_proxy_header.c - the bytes that may be a PROXY header
 */
#include "net/wire/wire_proxy_header.h"

#include "base/alloc.h"

struct wire_proxy_header *wire_proxy_header_new(const weft_env *env)
{
    struct wire_proxy_header *p = mem_zalloc(env, sizeof *p);
    if (!p) return NULL;
    p->parser = mem_zalloc(env, sizeof *p->parser);
    if (p->parser) return p;
    mem_free(env, p);
    return NULL;
}

void wire_proxy_header_free(struct wire_proxy_header *p, const weft_env *env)
{
    if (!p) return;
    mem_free(env, p->parser);
    mem_free(env, p);
}

int wire_proxy_header_feed(struct wire_proxy_header *p, weft_span *in, weft_span *more_first)
{
    *more_first = (weft_span){0};
    int result = proxy_header_feed(p->parser, in, &p->client);
    if (result < 0 || result == PROXY_MORE) return result < 0 ? result : 0;
    p->known = result == PROXY_ADDRESS;
    if (result == PROXY_NONE) *more_first = (weft_span){p->parser->bytes, p->parser->len};
    return 1;
}

void wire_proxy_header_done(struct wire_proxy_header *p, const weft_env *env)
{
    mem_free(env, p->parser);
    p->parser = NULL;
}
