/* SPDX-License-Identifier: MIT
 *
 * net/server/age.c - a timer of one loop
 */
#include "net/server/age.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/net.h"
#include "net/site.h"

enum { LOOKS = 100, COME_BACK_MS = 1000 };

struct age {
    struct timer timer;
    struct net *net;
    struct site *site;
    uint64_t looked; /* in units of SLOT_TIME */
    uint64_t every;  /* ms */
    uint32_t most;   /* in units */
};

static uint64_t units(const struct net *n)
{
    return net_now(n) / SLOT_TIME;
}

static void look(struct timer *t)
{
    struct age *age = container_of(t, struct age, timer);
    uint64_t now = units(age->net), passed = now - age->looked;
    const struct leaving how = {
        .code = WEFT_CLOSE_SERVICE_RESTART, .spread = COME_BACK_MS, .stays = true};
    age->looked = now;
    loop_timer_start(age->net->loop, t, age->every);
    if (passed) lanes_age(age->net, age->site, &how, age->most, (uint32_t)passed);
}

int age_begin(struct age **out, struct net *n, struct site *site)
{
    uint64_t max = limit_max_age(&site->limits);
    *out = NULL;
    if (!max || max == WEFT_NEVER) return 0;
    uint64_t most = (max + SLOT_TIME - 1) / SLOT_TIME;
    struct age *age = mem_zalloc(site->env, sizeof *age);
    if (!age) return -ENOMEM;
    age->net = n;
    age->site = site;
    age->most = most < SLOT_AGE_MAX / 2 ? (uint32_t)most : SLOT_AGE_MAX / 2;
    age->every = max / LOOKS > SLOT_TIME ? max / LOOKS : SLOT_TIME;
    age->looked = units(n);
    timer_init(&age->timer, look);
    loop_timer_start(n->loop, &age->timer, age->every);
    *out = age;
    return 0;
}

void age_end(struct age *age)
{
    if (!age) return;
    loop_timer_stop(age->net->loop, &age->timer);
    mem_free(age->site->env, age);
}
