/* SPDX-License-Identifier: MIT
 *
 * net/net.c - the loop's tenant; an id is a slot and its generation, so that a stale one is refused
 *
 *      63          32 31      24 23         0
 *      generation     loop       slot
 *
 * A slot's generation moves on when its connection is gone. It begins at 1: no id is 0.
 */
#include "net/net.h"

#include <errno.h>
#include <time.h>

#include "base/alloc.h"
#include "net/client/client.h"
#include "net/ws/conn.h"

enum { SLOTS_MIN = 16, SLOT_BITS = 24, SLOTS_MAX = 1 << SLOT_BITS };

static void free_net(struct tenant *t)
{
    struct net *n = container_of(t, struct net, tenant);
    const weft_env *env = weft_loop_env(n->loop);
    session_pool_deinit(&n->pool);
    tls_sessions_deinit(&n->tls_sessions);
    mem_free(env, n->slots);
    mem_free(env, n->kin);
    mem_free(env, n->tls_scratch);
    mem_free(env, n);
}

static void free_kin(struct net *n)
{
    for (size_t i = 1; n->kin && i < NET_LOOPS_MAX; i++) {
        weft_loop *l = n->kin->loops[i];
        n->kin->loops[i] = NULL;
        weft_loop_free(l);
    }
}

static void leave(struct tenant *t)
{
    struct net *n = container_of(t, struct net, tenant);
    free_kin(n);
    n->dying = true;
    dial_cancel_all(n);
    for (uint32_t i = 0; i < n->n_slots; i++) {
        struct wire *w = net_wire_at(n, i);
        if (w) wire_drop(w, 0, "the loop was freed");
    }
}

struct net *net_of(weft_loop *l)
{
    struct tenant *t = loop_tenant(l);
    if (t) return container_of(t, struct net, tenant);
    struct net *n = mem_zalloc(weft_loop_env(l), sizeof *n);
    if (!n) return NULL;
    n->tenant = (struct tenant){.leave = leave, .free = free_net};
    n->loop = l;
    n->leader = n;
    session_pool_init(&n->pool, weft_loop_env(l));
    n->date_second = -1;
    wire_kind_init(&n->dialed, l, NULL);
    list_init(&n->dials);
    list_init(&n->tls_contexts);
    tls_sessions_init(&n->tls_sessions, weft_loop_env(l));
    loop_set_tenant(l, &n->tenant);
    return n;
}

/* ---- kin ------------------------------------------------------------------------------------- */

static int add_kin(struct net *leader, uint8_t number)
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
    n->number = number;
    leader->kin->loops[number] = l;
    return 0;
}

int net_borrow_loop(struct net *leader, weft_loop **out)
{
    const weft_env *env = weft_loop_env(leader->loop);
    if (!leader->kin) leader->kin = mem_zalloc(env, sizeof *leader->kin);
    struct net_kin *kin = leader->kin;
    if (!kin) return -ENOMEM;
    size_t i = 1;
    while (i < NET_LOOPS_MAX && kin->lent[i]) i++;
    if (i == NET_LOOPS_MAX) return -ENOSPC;
    int error = kin->loops[i] ? 0 : add_kin(leader, (uint8_t)i);
    if (error) return error;
    kin->lent[i] = true;
    *out = kin->loops[i];
    return 0;
}

void net_return_loop(struct net *leader, weft_loop *l)
{
    leader->kin->lent[net_of(l)->number] = false;
}

static uint8_t number_in(weft_id id)
{
    return (uint8_t)(id >> SLOT_BITS);
}

weft_loop *net_loop_of(weft_loop *l, weft_id id)
{
    const struct tenant *t = loop_tenant(l);
    if (!t) return NULL;
    const struct net *n = container_of(t, struct net, tenant);
    uint8_t number = number_in(id);
    if (number == n->number) return l;
    if (!number) return n->leader->loop;
    return n->leader->kin ? n->leader->kin->loops[number] : NULL;
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* By a quarter: a slot that is free costs as much as one that is not. */
static bool grow(struct net *n)
{
    uint32_t size = n->n_slots + n->n_slots / 4 + SLOTS_MIN;
    if (size > SLOTS_MAX) size = SLOTS_MAX;
    if (size == n->n_slots) return false;
    struct slot *slots = mem_realloc(weft_loop_env(n->loop), n->slots, size * sizeof *slots);
    if (!slots) return false;
    for (uint32_t i = n->n_slots; i < size; i++)
        slots[i] = (struct slot){.next_free = i + 1, .generation = 1};
    n->slots = slots;
    n->n_slots = size;
    return true;
}

static struct slot *slot_new(struct net *n, enum slot_kind kind, uint32_t *slot)
{
    if (n->first_free == n->n_slots && !grow(n)) return NULL;
    *slot = n->first_free;
    struct slot *s = &n->slots[*slot];
    n->first_free = (uint32_t)s->next_free;
    s->kind = (uint8_t)kind;
    return s;
}

int net_add_wire(struct net *n, struct wire *w, uint32_t *slot)
{
    struct slot *s = slot_new(n, SLOT_WIRE, slot);
    if (s) s->wire = w;
    return s ? 0 : -ENOMEM;
}

int net_add_client(struct net *n, weft_conn *c, uint32_t *slot)
{
    struct slot *s = slot_new(n, SLOT_CLIENT, slot);
    if (s) s->conn = c;
    return s ? 0 : -ENOMEM;
}

void net_slot_free(struct net *n, uint32_t slot)
{
    struct slot *s = &n->slots[slot];
    s->kind = SLOT_FREE;
    s->generation += s->generation == UINT32_MAX ? 2 : 1;
    s->next_free = n->first_free;
    n->first_free = slot;
}

struct wire *net_wire_at(const struct net *n, uint32_t slot)
{
    const struct slot *s = &n->slots[slot];
    return s->kind == SLOT_WIRE && s->wire->phase != WIRE_DEAD ? s->wire : NULL;
}

weft_id net_id_of(const struct net *n, uint32_t slot)
{
    return (weft_id)n->slots[slot].generation << 32 | (uint32_t)n->number << SLOT_BITS | slot;
}

static struct slot *slot_of(const struct net *n, weft_id id)
{
    uint32_t i = (uint32_t)id % SLOTS_MAX;
    if (number_in(id) != n->number) return NULL;
    if (i >= n->n_slots || n->slots[i].generation != id >> 32) return NULL;
    return n->slots + i;
}

weft_conn *weft_conn_find(const weft_loop *l, weft_id id)
{
    const struct tenant *t = loop_tenant(l);
    if (!t) return NULL;
    const struct slot *slot = slot_of(container_of(t, struct net, tenant), id);
    if (!slot || slot->kind == SLOT_FREE) return NULL;
    if (slot->kind == SLOT_WIRE)
        return slot->wire->phase == WIRE_WEBSOCKET ? slot->wire->conn : NULL;
    return slot->conn->state != CONN_ENDED ? slot->conn : NULL;
}

/* ---- the date -------------------------------------------------------------------------------- */

const char *net_date(struct net *n)
{
    int64_t now = (int64_t)time(NULL);
    if (now != n->date_second) date_format(now, n->date);
    n->date_second = now;
    return n->date;
}
