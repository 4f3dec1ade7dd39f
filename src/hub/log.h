/* SPDX-License-Identifier: MIT
 *
 * hub/log.h - entries in the order of their offsets, and the newest of each key
 *
 *      outlived          ring                     head
 *      2 -> 5            7  8  9  10  11          11         those of 1 to 6 that are the newest of their keys
 *
 * No locks and no time of its own: its topic has those. What leaves it is chained for the caller, who lets go of it
 * when the lock is released.
 */
#ifndef HUB_LOG_H
#define HUB_LOG_H

#include "hub/entry.h"
#include "hub/map.h"

/* All zero, but for the env, is empty. */
struct log {
    const weft_env *env;
    struct entry **ring;
    uint32_t cap, n;  /* cap is 0 or a power of two */
    uint64_t head;    /* the newest offset; 0: none yet */
    uint64_t sum;     /* what all entries have cost, those that are gone, too */
    uint64_t bytes;   /* what those in the ring cost */
    uint64_t beside;  /* what those cost that have outlived it */
    struct map *keys; /* to the newest entry of each; NULL: none */
    struct entry *outlived, *newest_outlived;
    uint64_t cleared; /* all up to this went at once */
};

/* Entries that the log holds no more. */
struct leaving {
    struct entry *first;
};

/* The offset of the newest one that the ring does not have any more. */
static inline uint64_t log_tail(const struct log *l)
{
    return l->head - l->n;
}

/* In the ring. */
static inline struct entry *log_at(const struct log *l, uint64_t offset)
{
    return l->ring[offset & (l->cap - 1)];
}

/* Room for n more. -ENOMEM. */
int log_reserve(struct log *l, uint32_t n);

/* That log_key of these, in this order, does not fail. Errors: as log_key's. */
int log_reserve_keys(struct log *l, struct entry *const *e, size_t n, const uint8_t *secret,
                     uint64_t max_keys);

/* Remember whose newest e will be when it is pushed, which is next: what was that before is superseded. secret: the
 * map's key. Errors: -ENOMEM, -ENOSPC (max_keys); nothing has changed. */
int log_key(struct log *l, struct entry *e, const uint8_t *secret, uint64_t max_keys,
            struct leaving *to);

/* The log takes the reference over. There has to be room. */
void log_push(struct log *l, struct entry *e);

/* The same of one that was in a ring before, at that offset, has a key (log_key), and has outlived that; they are given
 * in order, before what is in the ring. */
void log_outlived(struct log *l, struct entry *e, uint64_t offset);

/* The oldest one of the ring goes; if it is the newest of its key it stays among the outlived. */
void log_drop(struct log *l, struct leaving *to);

/* Everything before that offset goes; head stays. */
void log_clear(struct log *l, uint64_t end, struct leaving *to);

/* The next one behind an offset that is kept, and before one that is not to be reached (skips: of those that are not
 * superseded); NULL: none. */
struct entry *log_after(const struct log *l, uint64_t offset, uint64_t end, bool skips);

/* The one behind e, which is kept. */
struct entry *log_next(const struct log *l, const struct entry *e, uint64_t end, bool skips);

/* The offset behind which the newest n of them are, or all. */
uint64_t log_newest(const struct log *l, uint64_t n, bool skips);

void leaving_free(struct leaving *from);
void log_deinit(struct log *l);

#endif
