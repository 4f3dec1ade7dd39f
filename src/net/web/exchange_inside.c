/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_inside.c - an exchange begins, and is over
 */
#include "net/web/exchange_inside.h"

struct exchange *exchange_new(struct lane *l, uint32_t requests)
{
    struct exchange *x = mem_zalloc(lane_env(l), sizeof *x);
    if (!x) return NULL;
    x->lane = x->asker.lane = l;
    h1_init(&x->h1, lane_env(l), &lane_site(l)->limits, &x->out);
    h1_continue(&x->h1, requests);
    l->talker = x;
    return x;
}

void exchange_free(struct exchange *x)
{
    const weft_env *env = exchange_env(x);
    h1_deinit(&x->h1);
    outq_clear(&x->out);
    field_list_deinit(&x->cors, env);
    asker_deinit(&x->asker);
    mem_free(env, x);
}
