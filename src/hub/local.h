/* SPDX-License-Identifier: MIT
 *
 * hub/local.h - what a topic has on one loop: its readers there, and how far they are
 *
 *      log        ... 5  6  7  8  9 10 11 12              head
 *                     |     |        |
 *                  behind   behind   next: those who keep up, a dense array for each type
 *
 * Who keeps up has no state but his place in the array. Who is full leaves it and becomes a cursor (hub/cursor.h): in
 * behind, with the offset that he needs next. When he has room again he goes on from there in batches, never past next,
 * and comes back to the array when he has come to that. Who begins at an offset that those who keep up have yet to come
 * to waits for them there.
 *
 * Used in its part's thread; what others see of it is under the topic's lock: what is needed, and its place in the
 * list.
 */
#ifndef HUB_LOCAL_H
#define HUB_LOCAL_H

#include "hub/batch.h"
#include "hub/part.h"

struct group {
    struct group *next;
    struct local *local;
    const weft_reader_type *type;
    weft_reader **readers;
    uint32_t n, cap;
};

struct cursor {
    weft_reader *reader;
    uint64_t next; /* the offset that he needs */
};

struct local {
    struct local *next_local; /* of the topic */
    weft_topic *topic;
    struct part *part;
    struct group *groups;
    struct cursor *behind;
    uint32_t n_behind, cap_behind;
    uint64_t least; /* no cursor needs less; WEFT_NEVER: there is none */
    bool stale;     /* it may be more by now */

    /* Offsets that others may write and read under the topic's lock. */
    uint64_t next;      /* what those who keep up need */
    uint64_t slowest;   /* least, as far as it is kept */
    uint64_t under_way; /* what is being delivered begins there; WEFT_NEVER: nothing is */

    /* Under the part's lock. */
    struct local *next_dirty;
    atomic_bool
        dirty; /* true is also seen without: it ends before what was appended is looked at */
    bool gone; /* to be freed when it is no longer dirty */

    weft_timer *timer; /* with max_rate */
    uint64_t due;      /* us: when those who keep up may be told more */
    bool in_round;     /* they are being told */
};

/* Under the topic's lock: the least offset that somebody here has yet to be told. */
static inline uint64_t local_needs(const struct local *l)
{
    uint64_t least = l->next < l->under_way ? l->next : l->under_way;
    return least < l->slowest ? least : l->slowest;
}

/* The same: somebody has something to do here. Any thread. Then the part has to be woken: it is added to w. */
void local_soil(struct local *l, struct wakes *w);

/* The same, in the part's thread: whether those who keep up can be told this one at once. */
static inline bool local_may_deliver(const struct local *l, uint64_t offset)
{
    return l->next == offset && !l->timer;
}

/* ---- in the part's thread, without locks ----------------------------------------------------- */

/* The one of p's loop, made if need be. -ENOMEM. */
int local_get(struct local **out, weft_topic *t, struct part *p);

/* Its last reader has gone. */
void local_leave(struct local *l);

/* When it is no longer dirty. */
void local_free(struct local *l);

/* Deliver what has come, and serve those behind that have room. */
void local_run(struct local *l);

/* Run as soon as may be. */
void local_again(struct local *l);

/* The entry was appended and is the next one; l->next is behind it already, and it is under way. Its reference and its
 * heat are l's to release. */
void local_deliver(struct local *l, struct entry *e);

#endif
