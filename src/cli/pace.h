/* SPDX-License-Identifier: MIT
 *
 * cli/pace.h - when which message is due, for a load of a fixed rate
 *
 * Message k of all is due k / rate seconds after the start, whatever has become of those before it: so a
 * server that stalls does not slow down the questions that measure it, and each one that had to wait
 * counts with its whole wait (the omission that is avoided is called coordinated).
 *
 * Workers take turns: worker w of n has the messages w, w + n, w + 2n, ... Integers only; nothing drifts.
 * Times are nanoseconds after the start.
 */
#ifndef CLI_PACE_H
#define CLI_PACE_H

#include <stdint.h>

#define PACE_SECOND UINT64_C(1000000000)

struct pace {
    uint64_t rate; /* messages per second, of all workers; at most PACE_SECOND */
    uint64_t worker, workers;
};

/* x * per / unit, rounded down, without overflow as long as unit * per has none. */
static inline uint64_t pace_scale(uint64_t x, uint64_t per, uint64_t unit)
{
    return x / unit * per + x % unit * per / unit;
}

/* When the worker's message nth (from 0) is due. */
static inline uint64_t pace_due(const struct pace *p, uint64_t nth)
{
    return pace_scale(nth * p->workers + p->worker, PACE_SECOND, p->rate);
}

/* How many of the worker's messages are due before this moment: nth is one of them if, and only if,
 * pace_due(p, nth) < time. */
static inline uint64_t pace_count(const struct pace *p, uint64_t time)
{
    uint64_t all = pace_scale(time, p->rate, PACE_SECOND);
    if (pace_scale(all, PACE_SECOND, p->rate) < time) all++;
    return all > p->worker ? (all - p->worker - 1) / p->workers + 1 : 0;
}

#endif
