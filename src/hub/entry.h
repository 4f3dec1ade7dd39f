/* SPDX-License-Identifier: MIT
 *
 * hub/entry.h - a message in a log, and what has been made of it for readers
 *
 * Counted: the log holds it, and whoever has it under way. What readers queue of it, its *renderings*, is made when the
 * first of them needs it and shared by all; it goes when the entry is no longer *hot*, that is when no loop has yet to
 * deliver it. So history holds messages only.
 *
 *      hot += 1      under the topic's lock, for each loop that will deliver it
 *      hot -= 1      the same; who comes to 0 takes the renderings away, and gives them back when he has left the lock
 *
 * Renderings are pushed on a list without a lock: two threads that need the same at the same moment may both make it,
 * and one is thrown away.
 */
#ifndef HUB_ENTRY_H
#define HUB_ENTRY_H

#include <stdatomic.h>

#include <weft/topic.h>

struct rendering;

struct entry {
    weft_entry seen; /* first: what users see of it */
    atomic_uint refs;
    unsigned hot;           /* under the topic's lock */
    atomic_bool superseded; /* a newer one has its key: policies skip it */
    bool keyed;             /* it is the newest of its key */
    bool outlived;          /* as such it has left the ring */
    uint64_t sum;           /* what all entries of the log cost, up to this one */
    _Atomic(struct rendering *) renderings;
    const weft_env *env;
    struct entry *next,
        *previous; /* of those that have outlived the ring; next: of those that leave */
    uint8_t key[];
};

enum { ENTRY_COST = 64, KEY_MAX = 64 };

static inline struct entry *entry_of(const weft_entry *seen)
{
    return (struct entry *)(uintptr_t)seen;
}

/* What it counts for in windows and histories, and for the pace. */
static inline uint64_t entry_cost(const weft_message *m)
{
    return weft_message_payload(m).len + ENTRY_COST;
}

static inline bool entry_is_skipped(const struct entry *e, bool skips)
{
    return skips && atomic_load_explicit(&e->superseded, memory_order_relaxed);
}

/* With one reference. NULL: no memory. */
struct entry *entry_new(const weft_env *env, weft_message *m, weft_bytes key);

static inline struct entry *entry_ref(struct entry *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void entry_unref(struct entry *e);

/* What is queued of it for readers of that type, borrowed as long as the entry is hot. NULL: no memory. */
void *entry_render(struct entry *e, weft_topic *t, const weft_reader_type *type);

/* Under the topic's lock: less hot by one; with the last of it its renderings go to a list, for entry_forget. */
void entry_release(struct entry *e, struct rendering **cold);

/* Without locks: they are given back. */
void entry_forget(struct rendering *list, const weft_env *env);

#endif
