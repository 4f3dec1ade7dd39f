/* SPDX-License-Identifier: MIT
 *
 * net/server/drain.c - who is there is asked to leave, one after the other, and who is new is refused
 *
 *      weft_server_drain -> this loop's                  every TICK as many as are due, in the order of their slots;
 *                        -> post -> each local's         behind the last slot once more: those who have come since
 *                        <- post -- each that is through; the last one: on_done
 *
 * Each slot is looked at twice, however long it takes: once to count who would stay, once to ask him. A shutdown, or
 * the end, stops that where it is.
 */
#include <errno.h>

#include "base/alloc.h"
#include "net/server/crew.h"

enum { TICK = 50 };

/* Of one loop. */
struct drain_part {
    struct drain *drain;
    weft_server *local;
    struct timer timer;
    uint64_t begun;
    size_t all, asked;
    uint32_t slot; /* those before it were asked */
    struct leaving how;
    weft_errand begin, back;
};

/* Outlives the server until what its threads have posted is done. */
struct drain {
    weft_errand bury;
    const weft_env *env;
    weft_server *server; /* NULL: nobody wants to know any more */
    void (*on_done)(weft_server *s, void *user);
    void *user;
    unsigned left; /* parts that are not through */
    struct drain_part parts[];
};

/* ---- asking ---------------------------------------------------------------------------------- */

/* How many of all have been asked by the next tick. */
static size_t due(const struct drain_part *p)
{
    uint64_t elapsed = net_now(p->local->net) - p->begun + TICK, over = p->how.spread;
    return elapsed >= over ? SIZE_MAX : (size_t)((p->all * elapsed + over - 1) / over);
}

static void is_through(struct drain_part *p)
{
    p->local->draining = NULL;
    loop_post(p->drain->parts[0].local->loop, &p->back);
}

static void tick(struct timer *t)
{
    struct drain_part *p = container_of(t, struct drain_part, timer);
    struct net *n = p->local->net;
    struct site *site = &p->local->site;
    size_t now = due(p) - p->asked;
    p->asked += lanes_ask(n, site, &p->how, &p->slot, now);
    if (p->slot < n->slots.n) {
        loop_timer_start(p->local->loop, t, TICK);
        return;
    }
    p->slot = 0;
    (void)lanes_ask(n, site, &p->how, &p->slot, SIZE_MAX);
    is_through(p);
}

/* Not if the shutdown, or the end, was quicker. */
static void begin(struct drain_part *p)
{
    weft_server *s = p->local;
    if (s->leave || s->freed) return;
    s->draining = p;
    p->begun = net_now(s->net);
    p->all = lanes_that_stay(s->net, &s->site);
    timer_init(&p->timer, tick);
    loop_timer_start(s->loop, &p->timer, 0);
}

static void begin_there(weft_errand *post)
{
    begin(container_of(post, struct drain_part, begin));
}

static void is_back(weft_errand *post)
{
    struct drain *d = container_of(post, struct drain_part, back)->drain;
    if (--d->left || !d->server || d->server->leave || d->server->has_left) return;
    if (d->on_done) d->on_done(d->server, d->user);
}

/* ---- life ------------------------------------------------------------------------------------ */

void drain_stop(struct weft_server *s)
{
    if (s->draining) loop_timer_stop(s->loop, &s->draining->timer);
    s->draining = NULL;
}

static void bury(weft_errand *post)
{
    struct drain *d = container_of(post, struct drain, bury);
    mem_free(d->env, d);
}

void drain_free(struct weft_server *s)
{
    struct drain *d = s->drain;
    drain_stop(s);
    if (!d) return;
    d->server = NULL;
    s->drain = NULL;
    d->bury = (weft_errand){.run = bury};
    loop_post(s->loop, &d->bury);
}

static void add_part(struct drain *d, weft_server *local, const struct leaving *how)
{
    d->parts[d->left++] = (struct drain_part){.drain = d,
                                              .local = local,
                                              .how = *how,
                                              .begin = {.run = begin_there},
                                              .back = {.run = is_back}};
}

int weft_server_drain(weft_server *s, uint16_t code, uint64_t over_ms,
                      void (*on_done)(weft_server *s, void *user), void *user)
{
    net_assert_usable(s->loop);
    const struct leaving how = {.code = code, .spread = over_ms, .stays = true};
    unsigned others = crew_size(s->crew);
    if (s->drain || s->leave) return WEFT_ERR_STATE;
    struct drain *d = mem_alloc(server_env(s), sizeof *d + (1 + others) * sizeof *d->parts);
    if (!d) return -ENOMEM;
    *d = (struct drain){.env = server_env(s), .server = s, .on_done = on_done, .user = user};
    add_part(d, s, &how);
    for (unsigned i = 0; i < others; i++)
        if (crew_local(s->crew, i)) add_part(d, crew_local(s->crew, i), &how);
    s->drain = d;
    for (unsigned i = 1; i < d->left; i++) loop_post(d->parts[i].local->loop, &d->parts[i].begin);
    begin(d->parts);
    return 0;
}

/* ---- refusing -------------------------------------------------------------------------------- */

void weft_server_refuse(weft_server *s, unsigned retry_s, unsigned spread_s)
{
    net_assert_usable(s->loop);
    struct tally *t = s->site.tally;
    __atomic_store_n(&t->retry_spread_s, spread_s, __ATOMIC_RELAXED);
    __atomic_store_n(&t->retry_s, retry_s, __ATOMIC_RELAXED);
}
