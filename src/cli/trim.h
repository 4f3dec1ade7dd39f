/* SPDX-License-Identifier: MIT
 *
 * cli/trim.h - keep the memory that is needed again at once, give back what a flood has left
 *
 * By itself malloc returns what is free at the top of its heap, and every large block, to the kernel, and
 * faults it in again for the next message: of 16 KiB and more that was up to half of the CPU. So it is
 * told to keep TRIM_KEPT there. What was freed elsewhere it keeps anyway; after a flood that is the flood's
 * peak, because what still lives lies between. So:
 *
 *      many connections, then half of them gone    -> a timer
 *      the timer                                   -> malloc_trim; the peak is counted anew
 *
 * The timer runs only then, and trims at most every other second. Connections may be other threads', whose
 * comings and goings bring this loop no turn: while there are many, a pulse does.
 */
#ifndef CLI_TRIM_H
#define CLI_TRIM_H

#include <stdbool.h>

#include <weft/loop.h>

enum {
    TRIM_KEPT = 4 << 20,  /* bytes; also, blocks up to this size come from the heap */
    TRIM_PEAK = 8,        /* connections that are worth it */
    TRIM_SETTLE = 1000,   /* ms after the fall: the rest of it comes, too */
    TRIM_INTERVAL = 2000, /* ms between two */
};

struct trim {
    weft_loop *loop;
    weft_timer *timer, *pulse;
    uint64_t now;  /* connections */
    uint64_t peak; /* of them, since the last time */
    uint64_t next; /* not before, by weft_loop_now */
    bool waiting;  /* for the timer */
    bool pulsing;
    unsigned times;
};

/* Tells malloc, too, once for the process. Errors: -ENOMEM. trim_deinit is fine after a failure, and on zeros. */
int trim_init(struct trim *t, weft_loop *l);

/* After each turn of the loop: so many connections are there. */
void trim_look(struct trim *t, uint64_t connections);

void trim_deinit(struct trim *t);

#endif
