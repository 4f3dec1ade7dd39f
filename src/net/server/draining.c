/* SPDX-License-Identifier: MIT
 *
 * net/server/draining.c - one loop's part
 */
#include "net/server/draining.h"

#include "base/alloc.h"
#include "net/net.h"

enum { TICK = 50 };

/* How many of all have been asked by the next tick. */
static size_t due(const struct drain_part *p)
{
    uint64_t elapsed = net_now(p->net) - p->begun + TICK, over = p->how.spread;
    return elapsed >= over ? SIZE_MAX : (size_t)((p->all * elapsed + over - 1) / over);
}

static void is_through(struct drain_part *p)
{
    *p->place = NULL;
    loop_post(p->drain->loop, &p->back);
}

static void tick(struct timer *t)
{
    struct drain_part *p = container_of(t, struct drain_part, timer);
    size_t now = due(p) - p->asked;
    p->asked += lanes_ask(p->net, p->site, &p->how, &p->slot, now);
    if (p->slot < p->net->slots.n) {
        loop_timer_start(p->net->loop, t, TICK);
        return;
    }
    p->slot = 0;
    (void)lanes_ask(p->net, p->site, &p->how, &p->slot, SIZE_MAX);
    is_through(p);
}

void draining_begin(struct drain_part *p)
{
    *p->place = p;
    p->begun = net_now(p->net);
    p->all = lanes_that_stay(p->net, p->site);
    timer_init(&p->timer, tick);
    loop_timer_start(p->net->loop, &p->timer, 0);
}

void draining_stop(struct drain_part *p)
{
    if (!p) return;
    loop_timer_stop(p->net->loop, &p->timer);
    *p->place = NULL;
}

static void bury(weft_errand *post)
{
    struct drain *d = container_of(post, struct drain, bury);
    mem_free(d->env, d);
}

void drain_free(struct drain *d)
{
    if (!d) return;
    d->server = NULL;
    d->bury = (weft_errand){.run = bury};
    loop_post(d->loop, &d->bury);
}
