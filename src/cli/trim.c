/* SPDX-License-Identifier: MIT
 *
 * cli/trim.c - tell malloc what to keep, and watch the number of connections rise and fall
 */
#include "cli/trim.h"

#include <malloc.h>

static void on_time(weft_timer *timer, void *user)
{
    (void)timer;
    struct trim *t = user;
    malloc_trim(0);
    t->times++;
    t->waiting = false;
    t->peak = t->now;
    t->next = weft_loop_now(t->loop) + TRIM_INTERVAL * 1000ull;
}

/* All it is for is a turn. */
static void on_pulse(weft_timer *pulse, void *user)
{
    (void)pulse;
    struct trim *t = user;
    t->pulsing = false;
}

static void keep_pulse(struct trim *t)
{
    if (t->pulsing || t->peak < TRIM_PEAK) return;
    weft_timer_start(t->pulse, TRIM_SETTLE);
    t->pulsing = true;
}

int trim_init(struct trim *t, weft_loop *l)
{
    mallopt(M_TRIM_THRESHOLD, TRIM_KEPT);
    mallopt(M_MMAP_THRESHOLD, TRIM_KEPT);
    *t = (struct trim){.loop = l};
    int r = weft_timer_new(&t->timer, l, on_time, t);
    return r < 0 ? r : weft_timer_new(&t->pulse, l, on_pulse, t);
}

void trim_look(struct trim *t, uint64_t n)
{
    t->now = n;
    if (n > t->peak) t->peak = n;
    keep_pulse(t);
    if (t->waiting || t->peak < TRIM_PEAK || n > t->peak / 2) return;
    uint64_t now = weft_loop_now(t->loop);
    uint64_t rest = t->next > now ? (t->next - now) / 1000 : 0;
    weft_timer_start(t->timer, rest > TRIM_SETTLE ? rest : TRIM_SETTLE);
    t->waiting = true;
}

void trim_deinit(struct trim *t)
{
    weft_timer_free(t->timer);
    weft_timer_free(t->pulse);
}
