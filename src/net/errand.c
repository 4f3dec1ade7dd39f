/* SPDX-License-Identifier: MIT
 *
 * net/errand.c - what is posted to an id
 */
#include "net/errand.h"

#include <errno.h>

#include "base/alloc.h"
#include "net/siblings.h"

/* 0 is in no loop's table. */
static weft_loop *loop_of(weft_loop *l, weft_id to)
{
    weft_loop *at = to ? siblings_find(l, to) : NULL;
    return at ? at : l;
}

bool weft_errand_post(weft_loop *l, weft_id to, weft_errand *e)
{
    return loop_post(loop_of(l, to), e);
}

int errand_post(weft_loop *l, const struct errand *what)
{
    struct errand *e = mem_alloc(weft_loop_env(l), sizeof *e);
    if (!e) return -ENOMEM;
    *e = *what;
    (void)loop_post(loop_of(l, e->to), &e->post);
    return 0;
}

struct errand errand_take(weft_errand *p)
{
    struct errand *e = container_of(p, struct errand, post);
    struct errand copy = *e;
    mem_free(weft_loop_env(copy.post.loop), e);
    return copy;
}
