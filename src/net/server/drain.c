/* SPDX-License-Identifier: MIT
 *
 * net/server/drain.c - who is there is asked to leave, on all loops, and who is new is refused
 */
#include <errno.h>

#include "base/alloc.h"
#include "net/server/crew.h"
#include "net/server/draining.h"

/* ---- asking ---------------------------------------------------------------------------------- */

/* Not if the shutdown, or the end, was quicker. */
static void begin(struct drain_part *p)
{
    if (!p->local->leave && !p->local->freed) draining_begin(p);
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

static void add_part(struct drain *d, weft_server *local, const struct leaving *how)
{
    d->parts[d->left++] = (struct drain_part){.drain = d,
                                              .local = local,
                                              .net = local->net,
                                              .site = &local->site,
                                              .place = &local->draining,
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
    *d = (struct drain){
        .env = server_env(s), .loop = s->loop, .server = s, .on_done = on_done, .user = user};
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
