/* SPDX-License-Identifier: MIT
 *
 * cli/metrics.h - what the program counts by itself, in all threads
 *
 *      on_event -> metrics_received, metrics_published     a tally for each thread, which alone writes it
 *      a scrape -> metrics_sum                             reads them all
 *
 * A message costs an addition, without a lock and without an atomic one. Times are taken of samples, ten a second and
 * thread at most, and of nobody while nothing is published:
 *
 *      published, rested -> errand -> the next turn: all of this one is with the kernel     to_socket
 *                                       '-> timer, REST_MS -> rested                        lag: how late it was
 *
 * What is sampled is the turn in which something is published: from its beginning until the kernel has what was queued
 * in it. The lag is how long something that is due has to wait for the loop.
 */
#ifndef CLI_METRICS_H
#define CLI_METRICS_H

#include <stdatomic.h>

#include <weft/loop.h>

#include "cli/metrics_text.h"

enum { METRICS_REST_MS = 100 };

/* A thread's. Written by it alone, and read by whoever asks. */
struct metrics_tally {
    _Alignas(64) struct metrics_tally *next;
    uint64_t received;  /* messages, by WebSockets */
    uint64_t published; /* messages, in channels, whoever said them */
    struct metrics_histogram to_socket, lag;

    bool tired;        /* no sample now */
    bool again;        /* the errand has run in the sample's own turn */
    uint64_t began_us; /* of the sample: its turn */
    uint64_t due_us;   /* when the timer is to come */
    weft_errand errand;
    weft_timer *timer; /* NULL: none yet */
};

struct metrics {
    _Atomic(struct metrics_tally *) tallies;
};

struct metrics_totals {
    uint64_t received, published;
    struct metrics_histogram to_socket, lag;
};

/* All zero is one. Behind the end of all its loops: */
void metrics_deinit(struct metrics *m);

/* In the thread of l. */
void metrics_received(struct metrics *m);
void metrics_published(struct metrics *m, weft_loop *l);

/* Any thread. What is counted meanwhile may be in it, or not. Counts begin again from 0 behind 2^64 - 1. */
void metrics_sum(const struct metrics *m, struct metrics_totals *out);

#endif
