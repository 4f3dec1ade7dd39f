/* SPDX-License-Identifier: MIT
 *
 * net/errand.c - what is posted to an id
 */
#include "net/errand.h"

#include <errno.h>

#include "base/alloc.h"
#include "net/siblings.h"

int errand_post(weft_loop *l, const struct errand *what)
{
    weft_loop *at = siblings_find(l, what->to);
    struct errand *e = mem_alloc(weft_loop_env(l), sizeof *e);
    if (!e) return -ENOMEM;
    *e = *what;
    e->loop = at ? at : l;
    loop_post(e->loop, &e->post);
    return 0;
}

struct errand errand_take(struct post *p)
{
    struct errand *e = container_of(p, struct errand, post);
    struct errand copy = *e;
    mem_free(weft_loop_env(copy.loop), e);
    return copy;
}
