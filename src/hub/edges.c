/* SPDX-License-Identifier: MIT
 *
 * hub/edges.c - joining and cutting, both ends at a time
 */
#include "hub/edges.h"

#include <assert.h>

#include "hub/hook.h"

static int resize(const weft_env *env, struct edges *a, uint32_t cap)
{
    struct edge *v = hook_realloc(env, a->v, cap * sizeof *v);
    if (!v && cap) return -ENOMEM;
    a->v = v;
    a->cap = cap;
    return 0;
}

static int reserve_one(const weft_env *env, struct edges *a)
{
    if (a->n < a->cap) return 0;
    if (a->cap > UINT32_MAX / 2) return -ENOMEM;
    return resize(env, a, a->cap ? a->cap * 2 : 1);
}

/* To be called whenever an edge is gone. That memory for a smaller array is refused does no harm. */
static void give_back(const weft_env *env, struct edges *a)
{
    if (a->n == 0) {
        (void)resize(env, a, 0);
    } else if (a->n <= a->cap / 4) {
        (void)resize(env, a, a->cap / 2);
    }
}

/* The last entry moves to the free place i. */
static void fill_place(struct edges *a, uint32_t i)
{
    a->v[i] = a->v[--a->n];
    if (i < a->n) a->v[i].to->v[a->v[i].at].at = i;
}

static int64_t place_of(const struct edges *a, const struct edges *to)
{
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->v[i].to == to) return i;
    }
    return -1;
}

int64_t edges_find(const struct edges *a, const struct edges *b)
{
    if (a->n <= b->n) return place_of(a, b);
    int64_t i = place_of(b, a);
    return i < 0 ? i : b->v[i].at;
}

int edges_join(const weft_env *env, struct edges *a, struct edges *b)
{
    if (reserve_one(env, a) < 0) return -ENOMEM;
    if (reserve_one(env, b) < 0) {
        give_back(env, a);
        return -ENOMEM;
    }
    a->v[a->n] = (struct edge){.to = b, .at = b->n};
    b->v[b->n] = (struct edge){.to = a, .at = a->n};
    a->n++, b->n++;
    return 0;
}

void edges_cut(const weft_env *env, struct edges *a, uint32_t i)
{
    assert(i < a->n);
    struct edge e = a->v[i];
    fill_place(a, i);
    fill_place(e.to, e.at);
    give_back(env, a);
    give_back(env, e.to);
}
