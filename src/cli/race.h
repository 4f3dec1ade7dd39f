/* SPDX-License-Identifier: MIT
 *
 * cli/race.h - races of the demo: the same updates by five ways, and what each of them costs
 *
 *      /race/ID/quotes?lane=NAME    the channel of a race, read in one of its lanes
 *
 *      race_rate      it is there, and has so many updates a second
 *      race_pass      bytes have come and gone for a target: those of a lane are added up
 *      race_due       whose turn it is to publish; who is not read any more is over
 *
 * No clock and no I/O: times are microseconds of the caller's. Lanes are on connections of all threads, so everything
 * here may be called by any.
 */
#ifndef CLI_RACE_H
#define CLI_RACE_H

#include <pthread.h>
#include <weft/base.h>

enum { RACES_MAX = 20, RACE_ID_MIN = 8, RACE_ID_MAX = 32, RACE_JSON_MAX = 1024 };
enum { RACE_UNREAD_US = 10 * 1000 * 1000 }; /* it is over then */

enum race_lane { RACE_POLL, RACE_WAIT, RACE_STREAM, RACE_SSE, RACE_WS, RACE_LANES };

struct race_counts {
    uint64_t requests, received, sent; /* the bytes with heads, frames and all */
    uint64_t writes;                   /* times that there was something to send */
};

struct race {
    char id[RACE_ID_MAX + 1]; /* empty: free */
    double rate;
    uint64_t next, seen; /* update; sign of somebody who reads */
    uint64_t updates;
    struct race_counts lanes[RACE_LANES];
};

struct races {
    pthread_mutex_t lock;
    struct race races[RACES_MAX];
};

void races_init(struct races *t);

/* 0.5 to 20 a second. Errors: -EINVAL (the id, the rate), -ENOSPC. */
int race_rate(struct races *t, weft_bytes id, double rate, uint64_t now);

/* begins: they begin with the head of a request. */
void race_pass(struct races *t, weft_bytes target, bool begins, uint64_t received, uint64_t sent,
               uint64_t now);

/* What has been counted, as JSON; real_ms: the clock that updates have. Whoever asks reads. The length; -ENOENT. */
int race_print(struct races *t, weft_bytes id, uint64_t real_ms, uint64_t now,
               char json[RACE_JSON_MAX]);

/* The channels that are due get one update each: how many, and n of all that it was for each. *live: whether there is
 * any race. */
struct race_turn {
    char channel[sizeof "/race//quotes" + RACE_ID_MAX];
    uint64_t n;
};
size_t race_due(struct races *t, uint64_t now, struct race_turn turns[RACES_MAX], bool *live);

#endif
