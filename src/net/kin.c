/* SPDX-License-Identifier: MIT
 *
 * net/kin.c - loops that are lent and given back
 */
#include "net/kin.h"

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
    leader->kin->loops[number] = l;
    return 0;
}

int kin_borrow(struct net *leader, weft_loop **out)
{
    const weft_env *env = weft_loop_env(leader->loop);
    if (!leader->kin) leader->kin = mem_zalloc(env, sizeof *leader->kin);
    struct net_kin *kin = leader->kin;
    if (!kin) return -ENOMEM;
    size_t i = 1;
    while (i < NET_LOOPS_MAX && kin->lent[i]) i++;
    if (i == NET_LOOPS_MAX) return -ENOSPC;
    int error = kin->loops[i] ? 0 : add(leader, (uint8_t)i);
    if (error) return error;
    kin->lent[i] = true;
    *out = kin->loops[i];
    return 0;
}

void kin_return(struct net *leader, weft_loop *l)
{
    leader->kin->lent[net_of(l)->slots.loop] = false;
}

weft_loop *kin_of(weft_loop *l, weft_id id)
{
    const struct net *n = net_there(l);
    if (!n) return NULL;
    uint8_t number = slots_loop_in(id);
    if (number == n->slots.loop) return l;
    if (!number) return n->leader->loop;
    return n->leader->kin ? n->leader->kin->loops[number] : NULL;
}
