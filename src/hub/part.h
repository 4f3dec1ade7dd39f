/* SPDX-License-Identifier: MIT
 *
 * hub/part.h - what a hub has on one loop
 *
 * other threads -- lock: dirty locals, turns that were given -- errand --> part_run, in the loop's thread, once a turn
 *
 * Parts come one by one, at the head of a list that only grows, and go with the hub.
 */
#ifndef HUB_PART_H
#define HUB_PART_H

#include "hub/hub.h"

struct part {
    struct part *next;
    weft_hub *hub;
    weft_loop *loop;
    unsigned number; /* from 0 */
    weft_errand errand;

    pthread_mutex_t lock;
    struct local *dirty, *newest_dirty; /* those with something to do, in order */
    size_t n_dirty;
    weft_turn *given, *newest_given; /* those who have their turn */

    weft_turn *waiting;        /* those of this loop who wait for theirs */
    weft_timer *tick;          /* looks after them; NULL: nobody has ever waited */
    const weft_topic *passing; /* whose turn holder is being called */
};

/* The calling thread's; NULL: its loop has none, or it has no loop. */
struct part *part_mine(const weft_hub *h);

/* The one in this thread in which somebody has his turn for t; NULL: nobody has. */
struct part *part_passing(const weft_hub *h, const weft_topic *t);

/* That of l, made if need be, in its thread. Errors: -ENOMEM, -ENOSPC (PARTS_MAX). */
int part_of(struct part **out, weft_hub *h, weft_loop *l);

/* In its loop's thread, or when that is no more: nobody reads there, and nobody waits. */
void part_stop(struct part *p);

void part_free(struct part *p);

/* Run soon, in its loop's thread. Any thread, without locks. */
void part_wake(struct part *p);

/* Parts to be woken, collected under a lock. */
struct wakes {
    uint64_t bits[PARTS_MAX / 64];
};

static inline void wakes_add(struct wakes *w, const struct part *p)
{
    w->bits[p->number / 64] |= UINT64_C(1) << p->number % 64;
}

void wakes_send(const struct wakes *w, const weft_hub *h);

#endif
