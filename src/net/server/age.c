/* SPDX-License-Identifier: MIT
 *
 * net/server/age.c - max_age: who has been here for so long is asked to come again, and lands wherever is room by then
 *
 *      a timer, a hundred times in max_age -> lanes_age: those that have come to their age since the last time
 *
 * When a connection has come stands in its slot (slots.h), where there is room for it: so this costs a connection
 * nothing. Up to 10 % less, another for each slot: those that came together do not go together. Who is asked is told as
 * by weft_server_drain: a Close with 1012, or on_leave.
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/server/server.h"

enum { LOOKS = 100, COME_BACK_MS = 1000 };

struct age {
    struct timer timer;
    weft_server *server;
    uint64_t looked; /* in units of SLOT_TIME */
    uint64_t every;  /* ms */
    uint32_t most;   /* in units */
};

static uint64_t units(const weft_server *s)
{
    return net_now(s->net) / SLOT_TIME;
}

static void look(struct timer *t)
{
    struct age *age = container_of(t, struct age, timer);
    weft_server *s = age->server;
    uint64_t now = units(s), passed = now - age->looked;
    const struct leaving how = {
        .code = WEFT_CLOSE_SERVICE_RESTART, .spread = COME_BACK_MS, .stays = true};
    age->looked = now;
    loop_timer_start(s->loop, t, age->every);
    if (passed) lanes_age(s->net, &s->site, &how, age->most, (uint32_t)passed);
}

int age_begin(struct weft_server *s)
{
    uint64_t max = limit_max_age(&s->site.limits);
    if (!max || max == WEFT_NEVER) return 0;
    uint64_t most = (max + SLOT_TIME - 1) / SLOT_TIME;
    s->age = mem_zalloc(server_env(s), sizeof *s->age);
    if (!s->age) return -ENOMEM;
    s->age->server = s;
    s->age->most = most < SLOT_AGE_MAX / 2 ? (uint32_t)most : SLOT_AGE_MAX / 2;
    s->age->every = max / LOOKS > SLOT_TIME ? max / LOOKS : SLOT_TIME;
    s->age->looked = units(s);
    timer_init(&s->age->timer, look);
    loop_timer_start(s->loop, &s->age->timer, s->age->every);
    return 0;
}

void age_end(struct weft_server *s)
{
    if (!s->age) return;
    loop_timer_stop(s->loop, &s->age->timer);
    mem_free(server_env(s), s->age);
    s->age = NULL;
}
