/* SPDX-License-Identifier: MIT
 *
 * io/timer.h - a timing wheel: timers for a million connections
 *
 * Time is counted in ticks of a millisecond. A deadline is a number of eleven digits to the base 64.
 * Level L of the wheel has a slot for each value of digit L; a timer waits at the level of the highest
 * digit in which its deadline differs from now:
 *
 *      level 2   [ . . . . . x . . ]   in 4096 .. 262143 ticks      when now enters a slot its timers
 *      level 1   [ . . x . . . x . ]   in   64 ..   4095 ticks      go down a level or more;
 *      level 0   [ . x x . . . . . ]   in    1 ..     63 ticks      here they are due
 *
 * A word of 64 bits per level says which slots are occupied. So start, stop and move are O(1), the next
 * thing to do is found in O(levels), and time that passes with nothing to do costs nothing.
 *
 * Invariants: every deadline lies after now; no slot that now has passed or entered is occupied.
 */
#ifndef IO_TIMER_H
#define IO_TIMER_H

#include <stdint.h>

#include "base/list.h"

/* Embedded in what waits; 32 bytes. */
struct timer {
    struct list link;
    uint64_t deadline; /* in ticks */
    void (*on_time)(struct timer *t);
};

enum { TIMER_LEVELS = 11, TIMER_SLOTS = 64 };

#define TIMER_NEVER UINT64_MAX

struct timers {
    uint64_t now;  /* everything up to here has been done */
    uint64_t goal; /* how far timers_run is going; else the same as now */
    uint64_t occupied[TIMER_LEVELS];
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

/* A timers may not be moved in memory. */
void timers_init(struct timers *w, uint64_t now);

/* Call on_time at tick deadline or soon after, never before; once. One that is running is moved. A
 * deadline that has passed means the next tick; TIMER_NEVER never comes. */
void timers_start(struct timers *w, struct timer *t, uint64_t deadline);
void timers_stop(struct timers *w, struct timer *t); /* one that is not running: nothing */

/* A tick at which timers_run should be called, TIMER_NEVER if none. It may come before the earliest
 * deadline (there is something to move down), not after it. */
uint64_t timers_next(const struct timers *w);

/* Run what is due up to now, in order of deadlines. on_time may start, stop and free any timer; what it
 * starts does not run in this call. now may jump ahead; if it goes back nothing happens. */
void timers_run(struct timers *w, uint64_t now);

static inline void timer_init(struct timer *t, void (*on_time)(struct timer *t))
{
    list_init(&t->link);
    t->deadline = TIMER_NEVER;
    t->on_time = on_time;
}

static inline bool timer_running(const struct timer *t)
{
    return !list_empty(&t->link);
}

#endif
