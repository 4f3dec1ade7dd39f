/* SPDX-License-Identifier: MIT
 *
 * hub/part.h - what a hub has on one loop: tasks that others leave there
 *
 *      any thread -- lock: a task in the list -- errand --> its loop's thread: the tasks that are there, once a turn
 *
 * Parts come one by one, at the head of a list that only grows, and go with the hub.
 */
#ifndef HUB_PART_H
#define HUB_PART_H

#include "hub/core.h"

/* Something to do on a loop. Embedded in what it is about. */
struct task {
    struct task *next;
    atomic_bool
        due; /* in the list. Who sees that it is knows that the run to come sees what he has written under the
                      * lock of what it is about */
    void (*run)(struct task *task);
};

struct part {
    struct part *next;
    weft_hub *hub;
    weft_loop *loop;
    unsigned number; /* from 0 */
    weft_errand errand;
    uint64_t delivered; /* messages, each for each reader: written here, read anywhere */

    pthread_mutex_t lock;
    struct task *first, *last;
    size_t n_tasks;

    /* Turns to publish (hub/turns.h). */
    struct task turns;
    weft_turn *given, *newest_given; /* under the lock: those who have theirs */
    weft_turn *waiting;              /* those who wait for theirs */
    weft_timer *tick;                /* looks after them; NULL: nobody waits */
    const weft_topic *passing;       /* whose turn holder is being called */
};

/* The calling thread's; NULL: its loop has none, or it has no loop. */
struct part *part_mine(const weft_hub *h);

/* The one in this thread in which somebody has his turn for t; NULL: nobody has. */
struct part *part_passing(const weft_hub *h, const weft_topic *t);

/* That of l, made if need be, in its thread. Errors: -ENOMEM, -ENOSPC (PARTS_MAX). */
int part_of(struct part **out, weft_hub *h, weft_loop *l);

/* In its thread, which alone writes it, so no addition has to be atomic. */
static inline void part_delivers(struct part *p, uint64_t n)
{
    __atomic_store_n(&p->delivered, p->delivered + n, __ATOMIC_RELAXED);
}

/* When nobody reads there and nobody waits: in its loop's thread, or when that is no more. */
void part_stop(struct part *p);

/* Parts to be woken, collected under a lock. */
struct wakes {
    uint64_t bits[PARTS_MAX / 64];
};

/* A task is to be run soon. Any thread, and under any lock but a part's. */
void part_leave(struct part *p, struct task *task, struct wakes *w);

/* Whether it is in the list. In the part's thread. */
bool part_has(struct part *p, const struct task *task);

/* Without locks. */
void wakes_send(const struct wakes *w, const weft_hub *h);

#endif
