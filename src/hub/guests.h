/* SPDX-License-Identifier: MIT
 *
 * hub/guests.h - those who come now and then, and read what there is: what the next visit needs
 *
 *      before      now
 *      |---------|-----          periods; one who came in either is expected, those from earlier are not
 *
 * All a topic knows of them is the least offset that one of each period needs: nothing for each of them. Under its
 * topic's lock.
 */
#ifndef HUB_GUESTS_H
#define HUB_GUESTS_H

#include <stdbool.h>
#include <stdint.h>

enum { GUESTS_PERIOD_US = 1000000 };

/* All zero: nobody. Offsets are from 1. */
struct guests {
    uint64_t now, before; /* 0: nobody came */
    uint64_t since;       /* us: when the period began */
};

static inline uint64_t guests_least(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a;
}

static inline void guests_pass(struct guests *g, uint64_t now_us)
{
    uint64_t passed = now_us > g->since ? now_us - g->since : 0;
    if (passed < GUESTS_PERIOD_US) return;
    g->before = passed < 2 * GUESTS_PERIOD_US ? g->now : 0;
    g->now = 0;
    g->since = now_us;
}

/* One who needs this offset next. */
static inline void guests_come(struct guests *g, uint64_t next, uint64_t now_us)
{
    guests_pass(g, now_us);
    g->now = guests_least(g->now, next);
}

/* Whether to ask. */
static inline bool guests_any(const struct guests *g)
{
    return g->now | g->before;
}

/* The least that one of them needs; 0: nobody is expected. */
static inline uint64_t guests_need(struct guests *g, uint64_t now_us)
{
    guests_pass(g, now_us);
    return guests_least(g->now, g->before);
}

#endif
