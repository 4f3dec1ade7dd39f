/* SPDX-License-Identifier: MIT
 *
 * net/server/each.c - every WebSocket of a server, each in the thread of its loop
 *
 *      weft_server_each -> this loop's, at once
 *                       -> post -> each local's, in its thread -> post --> the last one back: done
 *
 * The server may be freed meanwhile. Its threads have walked by then, and what they post back needs the loop only.
 */
#include <errno.h>

#include "base/alloc.h"
#include "net/server/crew.h"
#include "net/ws/conn.h"

struct each;

/* Of one loop. */
struct part {
    struct each *each;
    weft_server *local;
    weft_errand walk, back;
};

struct each {
    const weft_env *env;
    weft_loop *loop; /* the first one */
    void (*fn)(weft_conn *c, void *arg);
    void (*done)(void *arg);
    void *arg;
    unsigned left; /* parts that are not back */
    struct part parts[];
};

/* NULL: nobody who was told of its opening and not of its end. */
static weft_conn *conn_in(const weft_server *s, uint32_t slot)
{
    const struct lane *l = slots_at(&s->net->slots, slot, SLOT_LANE);
    if (!l || l->gone || lane_site(l) != &s->site || l->talk != LANE_WEBSOCKET) return NULL;
    weft_conn *c = lane_talker(l, LANE_WEBSOCKET);
    return c->told_open && c->state != CONN_ENDED ? c : NULL;
}

static void walk(const struct part *p)
{
    for (uint32_t i = 0; i < p->local->net->slots.n; i++) {
        weft_conn *c = conn_in(p->local, i);
        if (c) p->each->fn(c, p->each->arg);
    }
}

static void walk_there(weft_errand *post)
{
    struct part *p = container_of(post, struct part, walk);
    walk(p);
    loop_post(p->each->loop, &p->back);
}

static void is_back(weft_errand *post)
{
    struct each *e = container_of(post, struct part, back)->each;
    if (--e->left) return;
    void (*done)(void *arg) = e->done;
    void *arg = e->arg;
    mem_free(e->env, e);
    if (done) done(arg);
}

static void add_part(struct each *e, weft_server *local)
{
    e->parts[e->left++] = (struct part){e, local, {.run = walk_there}, {.run = is_back}};
}

int weft_server_each(weft_server *s, void (*fn)(weft_conn *c, void *arg), void (*done)(void *arg),
                     void *arg)
{
    net_assert_usable(s->loop);
    unsigned others = crew_size(s->crew);
    struct each *e = mem_alloc(server_env(s), sizeof *e + (1 + others) * sizeof *e->parts);
    if (!e) return -ENOMEM;
    *e = (struct each){server_env(s), s->loop, fn, done, arg, 0};
    add_part(e, s);
    for (unsigned i = 0; i < others; i++) {
        weft_server *local = crew_local(s->crew, i);
        if (local) add_part(e, local);
    }
    for (unsigned i = 1, n = e->left; i < n; i++)
        loop_post(e->parts[i].local->loop, &e->parts[i].walk);
    walk(e->parts);
    loop_post(s->loop, &e->parts[0].back);
    return 0;
}
