/* SPDX-License-Identifier: MIT
 *
 * net/client/patience.h - how long a client waits: each stage has its limit, and the whole attempt open_timeout
 *
 *      patience_begin -> patience_stage, for each -> (too late) patience_words
 *
 * Times count from the moment they are asked for, and not from when the turn began: whoever connects may have worked
 * for long in his callback.
 */
#ifndef NET_CLIENT_PATIENCE_H
#define NET_CLIENT_PATIENCE_H

#include <weft/loop.h>

struct patience {
    const weft_env *env;
    uint64_t whole_end; /* of the whole attempt, ms; WEFT_NEVER: none */
    uint64_t whole;     /* what it has, ms */
    uint64_t end, ms;   /* the same of the stage */
    const char *limit;  /* and which limit that is */
};

/* The attempt begins; env is kept. */
void patience_begin(struct patience *p, const weft_env *env, uint64_t whole);

/* A stage begins, which has so many ms by that limit. Returns how many it has; WEFT_NEVER: there is no deadline. */
uint64_t patience_stage(struct patience *p, uint64_t ms, const char *limit);

/* Of the stage: ms from now; WEFT_NEVER. */
uint64_t patience_left(const struct patience *p);

/* What did not happen, and in which time: "WHAT within 10 s (connect_timeout)". Cut to size. */
void patience_words(const struct patience *p, const char *what, char *out, size_t size);

#endif
