/* SPDX-License-Identifier: MIT
 *
 * io/deadlines.h - deadlines to the microsecond: a pairing heap
 *
 *      add, remove     O(1), O(log n) over time; nothing is allocated
 *      the next one    is the root
 *
 * The wheel (io/timer.h) counts milliseconds and is for timers of every connection, which are moved all the time. This
 * is for the few that somebody wants to the point.
 */
#ifndef IO_DEADLINES_H
#define IO_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what waits. */
struct deadline {
    struct deadline *child, *next; /* of its children the first; the next of its parent's */
    struct deadline **at;          /* what points to it; NULL: it is in no heap */
    uint64_t us;
    void (*on_time)(struct deadline *d);
};

struct deadlines {
    struct deadline *root; /* the first one to come; NULL: there is none */
};

static inline void deadline_init(struct deadline *d, void (*on_time)(struct deadline *d))
{
    *d = (struct deadline){.on_time = on_time};
}

/* One that waits already is moved. */
void deadlines_add(struct deadlines *all, struct deadline *d, uint64_t us);
void deadlines_remove(struct deadlines *all,
                      struct deadline *d); /* one that does not wait: nothing */

/* Call on_time of all up to now, in order. It may add, remove and free any; what it adds has to lie behind now. */
void deadlines_run(struct deadlines *all, uint64_t now);

#endif
