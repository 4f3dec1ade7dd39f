/* SPDX-License-Identifier: MIT
 *
 * io/loop_inside.h - the inside of a weft_loop, for the files that it is made of: its turn (loop.c), and how it
 * begins and ends (loop_life.c)
 */
#ifndef IO_LOOP_INSIDE_H
#define IO_LOOP_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/flush.h"
#include "io/loop.h"
#include "io/wait.h"
#include "io/wake.h"

enum {
    READY_MAX = 256, /* with the least quota 2 MiB, too */
    US_PER_TICK = 1000,
};

struct weft_loop {
    const weft_env *env; /* NULL, or the copy */
    weft_env copy;
    const struct sys *sys;
    struct ring *ring; /* NULL: one system call for each send */
    weft_batch batch;  /* as it was asked for */
    struct wait wait;  /* with the epoll descriptor */
    struct wake wake;
    struct io event, alarm; /* its descriptors */
    uint64_t now;           /* us */
    bool in_turn, ending;
    atomic_bool stop;
    atomic_uintptr_t thread; /* that turns it, or did so last; 0: nobody knows */
    atomic_bool rests;       /* weft_loop_run has returned */
    struct attachment *attachment;
    struct resolver *resolver;
    struct posts posts;
    struct dead *dead, **dead_end;
    struct list left; /* struct left */
    struct timers timers;
    struct deadlines deadlines;
    struct flush flush;
    int next, n_ready;
    size_t sharing;   /* those who may want to read in this turn */
    size_t long_left; /* of LOOP_LONG, in this turn */
    size_t received;  /* since the last flush */
    struct epoll_event ready[READY_MAX];
    uint8_t buffer[LOOP_BUFFER];
};

/* Somebody has its descriptor. */
static inline bool loop_is_embedded(const weft_loop *l)
{
    return l->wake.alarm >= 0;
}

static inline void loop_set_thread(weft_loop *l, uintptr_t thread)
{
    atomic_store_explicit(&l->thread, thread, memory_order_relaxed);
}

/* All who are dead by now, and who are by their burial. */
void loop_bury_dead(weft_loop *l);

#endif
