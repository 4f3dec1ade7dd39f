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
    struct stand stand; /* first: what others see of it, under the topic's lock */
    weft_topic *topic;
    struct group *groups;
    struct cursor *behind;
    uint32_t n_behind, cap_behind;
    uint64_t least;   /* no cursor needs less of what there is; WEFT_NEVER: there is none */
    bool some_passed; /* the log has moved past a cursor */
    bool stale;       /* they may be different by now */
    uint64_t
        telling; /* those who keep up are being told, and had all before that; 0: they had all before next */
    bool gone; /* to be freed when it is no longer due */

    weft_timer *timer; /* with max_rate */
    uint64_t due;      /* us: when those who keep up may be told more */
    bool in_round;     /* they are being told */

    weft_timer *silence; /* NULL: nobody wants to hear of it */
    uint64_t told;       /* us: when those who keep up were last told something */
};

/* ---- in the part's thread, without locks ----------------------------------------------------- */

/* The one of p's loop, made if need be. -ENOMEM. */
int local_get(struct local **out, weft_topic *t, struct part *p);

/* Its last reader has gone. */
void local_leave(struct local *l);

/* Run as soon as may be. */
void local_again(struct local *l);

/* The entry was appended and is the next one; next is behind it already, and it is under way. Its reference and its
 * heat are l's to release. */
void local_deliver(struct stand *s, struct entry *e);

#endif
