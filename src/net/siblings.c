/* SPDX-License-Identifier: MIT
 *
 * net/siblings.c - loops that are lent and given back
 */
#include "net/siblings.h"

#include <errno.h>

#include "base/alloc.h"

static int add(struct net *leader, uint8_t number)
{
    weft_loop *l;
    int error = loop_new_like(&l, leader->loop);
    if (error) return error;
    struct net *n = net_of(l);
    if (!n) {
        weft_loop_free(l);
        return -ENOMEM;
    }
    n->leader = leader;
    n->slots.loop = number;
    leader->siblings->loops[number] = l;
    return 0;
}

int siblings_borrow(struct net *leader, weft_loop **out)
{
    const weft_env *env = weft_loop_env(leader->loop);
    if (!leader->siblings) leader->siblings = mem_zalloc(env, sizeof *leader->siblings);
    struct net_siblings *siblings = leader->siblings;
    if (!siblings) return -ENOMEM;
    size_t i = 1;
    while (i < NET_LOOPS_MAX && siblings->lent[i]) i++;
    if (i == NET_LOOPS_MAX) return -ENOSPC;
    int error = siblings->loops[i] ? 0 : add(leader, (uint8_t)i);
    if (error) return error;
    siblings->lent[i] = true;
    *out = siblings->loops[i];
    return 0;
}

void siblings_return(struct net *leader, weft_loop *l)
{
    leader->siblings->lent[net_of(l)->slots.loop] = false;
}

weft_loop *siblings_find(weft_loop *l, weft_id id)
{
    const struct net *n = net_there(l);
    if (!n) return NULL;
    uint8_t number = slots_loop_in(id);
    if (number == n->slots.loop) return l;
    if (!number) return n->leader->loop;
    return n->leader->siblings ? n->leader->siblings->loops[number] : NULL;
}
