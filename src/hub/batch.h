/* SPDX-License-Identifier: MIT
 *
 * hub/batch.h - entries on their way from a log to readers: references, each with its heat
 */
#ifndef HUB_BATCH_H
#define HUB_BATCH_H

#include "hub/topic.h"

struct batch {
    uint64_t after;         /* what is behind it was asked for */
    uint64_t next;          /* the offset to go on with */
    bool past;              /* the log has moved past some of that */
    bool more;              /* of a cursor: there is more to be had at once */
    weft_seek loss;         /* of a cursor, if lost is not 0: told before them */
    bool too_slow;          /* of a cursor: by its policy that loss is his end */
    struct rendering *cold; /* to be given back without locks */
    uint32_t n;
    struct entry *entries[BATCH];
};

static inline void batch_add(struct batch *b, struct entry *e)
{
    b->entries[b->n++] = entry_ref(e);
}

/* Under the topic's lock: they are less hot by one each. */
static inline void batch_release(struct batch *b)
{
    for (uint32_t i = 0; i < b->n; i++) entry_release(b->entries[i], &b->cold);
}

/* Without locks, after that: they are let go of. */
static inline void batch_forget(struct batch *b, const weft_env *env)
{
    entry_forget(b->cold, env);
    for (uint32_t i = 0; i < b->n; i++) entry_unref(b->entries[i]);
    b->n = 0;
    b->cold = NULL;
}

/* Both. */
static inline void batch_let_go(struct batch *b, weft_topic *t)
{
    if (!b->n) return;
    topic_lock(t);
    batch_release(b);
    topic_unlock(t);
    batch_forget(b, t->hub->env);
}

#endif
