/* SPDX-License-Identifier: MIT
 *
 * net/net.c - the loop's attachment
 */
#include "net/net.h"

#include <time.h>

#include "base/alloc.h"
#include "net/lane.h"

static void free_net(struct attachment *a)
{
    struct net *n = container_of(a, struct net, attachment);
    const weft_env *env = net_env(n);
    if (n->client) n->client->free(n->client);
    session_pool_deinit(&n->pool);
    spent_deinit(&n->spent, env);
    mem_free(env, n->slots.table);
    mem_free(env, n->siblings);
    mem_free(env, n->scratch);
    mem_free(env, n);
}

static void free_siblings(struct net *n)
{
    for (size_t i = 1; n->siblings && i < NET_LOOPS_MAX; i++) {
        weft_loop *l = n->siblings->loops[i];
        n->siblings->loops[i] = NULL;
        weft_loop_free(l);
    }
}

static void leave(struct attachment *a)
{
    struct net *n = container_of(a, struct net, attachment);
    free_siblings(n);
    n->dying = true;
    if (n->client) n->client->leave(n->client);
    lanes_drop(n, NULL, WEFT_ERR_CLOSED, "the loop was freed");
}

struct net *net_there(const weft_loop *l)
{
    struct attachment *a = loop_attachment(l);
    return a ? container_of(a, struct net, attachment) : NULL;
}

struct net *net_of(weft_loop *l)
{
    struct net *n = net_there(l);
    if (n) return n;
    n = mem_zalloc(weft_loop_env(l), sizeof *n);
    if (!n) return NULL;
    n->attachment = (struct attachment){.leave = leave, .free = free_net};
    n->loop = l;
    n->leader = n;
    session_pool_init(&n->pool, weft_loop_env(l));
    n->date_second = -1;
    loop_attach(l, &n->attachment);
    return n;
}

const char *net_date(struct net *n)
{
    int64_t now = (int64_t)time(NULL);
    if (now != n->date_second) date_format(now, n->date);
    n->date_second = now;
    return n->date;
}
