/* SPDX-License-Identifier: MIT
 *
 * hub/local.h - what a topic has on one loop: its readers there, and how far they are
 *
 *      log        ... 5  6  7  8  9 10 11 12              head
 *                     |     |        |
 *                  behind   behind   next: those who keep up, a dense array for each type
 *
 * Who keeps up has no state but his place in the array. Who is full leaves it and becomes a cursor: in behind, with the
 * offset that he needs next. When he has room again he goes on from there in batches, never past next, and comes back to
 * the array when he has come to that.
 *
 * Used in its part's thread; what others see of it is under the topic's lock: next, needs, slowest, and its place in the list.
 */
#ifndef HUB_LOCAL_H
#define HUB_LOCAL_H

#include "hub/part.h"
#include "hub/topic.h"

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
    uint64_t next;    /* the offset that those who keep up need */
    uint64_t needs;   /* the least that a cursor needs, be it there still or not; WEFT_NEVER: nobody is behind */
    uint64_t slowest; /* the same of what there is: who holds up publishers */
    bool stale;       /* both may be more by now */
    struct local *next_dirty; /* under the part's lock, as the two that follow */
    bool dirty;
    bool gone;        /* to be freed when it is no longer dirty */
    weft_timer *timer; /* with max_rate */
    uint64_t due;      /* us: when those who keep up may be told more */
};

/* Under the topic's lock. NULL: there is none. */
struct local *local_find(const weft_topic *t, const struct part *p);

/* Somebody has to run: under the topic's lock, any thread. Then the part has to be woken: it is added to w. */
void local_soil(struct local *l, struct wakes *w);

/* The one of p's loop, made if need be. In its thread, without locks. -ENOMEM. */
int local_get(struct local **out, weft_topic *t, struct part *p);

/* Its last reader has gone. */
void local_leave(struct local *l);

/* Deliver all that has come by now, and say, in the same moment, where one begins who wants to begin there. */
void local_bring_up(struct local *l, const weft_since *since, weft_seek *seek);

/* Deliver what has come, and serve those behind that have room. */
void local_run(struct local *l);

/* Under the topic's lock, in the part's thread: whether those who keep up can be told this one at once. */
static inline bool local_may_deliver(const struct local *l, uint64_t offset)
{
    return l->next == offset && !l->topic->settings->max_rate;
}

/* In the part's thread, no longer dirty. */
void local_free(struct local *l);

/* Run as soon as may be. In its thread, without locks. */
void local_again(struct local *l);

/* Of a cursor that has room: a batch of what he needs. In its thread, without locks. */
void local_serve(struct local *l, uint32_t at);

/* A cursor was added, moved or taken away. */
void local_settle(struct local *l);

/* The entry was appended and is the next one, and l->next is behind it already. The entry's reference and heat are l's to
 * release. */
void local_deliver(struct local *l, struct entry *e);

#endif
