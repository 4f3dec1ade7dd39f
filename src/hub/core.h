/* SPDX-License-Identifier: MIT
 *
 * hub/core.h - what all topics share
 *
 *      hub -> shards -> topics -> log                        any thread, under the shard's or the topic's lock
 *          -> parts  -> locals -> groups -> readers          a part is one loop's, and used in its thread
 *
 * A local is what a topic has on one loop. Locks are taken in this order, and held for a few instructions each:
 * shard, topic or lookouts, part. None is held while anything is allocated for a reader, rendered, queued or given
 * back.
 */
#ifndef HUB_CORE_H
#define HUB_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include <weft/topic.h>

#include "hub/map.h"

enum { SHARDS = 64, PARTS_MAX = 256 };

/* Of the map of names, and of what is counted: so that topics do not wait for each other. */
struct shard {
    pthread_mutex_t lock;
    struct map topics;
    weft_topic *idle, *newest_idle; /* those that nobody holds, the longest unused first */
    size_t stubs;                   /* of these, those that keep nothing */
    _Atomic int64_t memory;         /* what logs keep */
    char apart[64];                 /* from the next one */
};

/* A user's, with the defaults filled in. */
struct settings {
    struct settings *next;
    const weft_topic_settings *given;
    weft_topic_settings filled;
};

/* Who hears of each topic that is made, and what they have yet to hear of (hub/lookout.h). */
struct lookouts {
    pthread_mutex_t lock;
    weft_lookout *first;
    unsigned n;
    atomic_bool any;             /* n is not 0; set before they look at the shards */
    weft_topic *oldest, *newest; /* new ones */
};

struct weft_hub {
    atomic_uint refs; /* the user's, one for each topic, and one for each errand under way */
    weft_loop *loop;
    const weft_env *env; /* NULL, or the copy: the last errand may be done when the loop is gone */
    weft_env copy;
    weft_hub_config cfg;
    size_t settings_size; /* the user's */
    pthread_mutex_t settings_lock;
    _Atomic(struct settings *) settings; /* the list grows at its head; the hub's own is the last */
    uint8_t secret[16];                  /* the maps' */
    _Atomic(struct part *) parts;
    atomic_size_t topics;
    _Atomic uint64_t counts[WEFT_HUB_MEMORY]; /* but for the memory, which the shards have */
    weft_timer *reaper;
    weft_errand reap; /* starts it */
    atomic_bool reaping;
    bool closing;        /* nothing is published any more */
    unsigned next_shard; /* that it looks at */
    struct lookouts lookouts;
    struct shard shards[SHARDS];
};

static inline void hub_ref(weft_hub *h)
{
    atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
}

/* The last one frees it. */
void hub_unref(weft_hub *h);

/* What all logs keep, bytes. */
static inline uint64_t hub_memory(const weft_hub *h)
{
    int64_t sum = 0;
    for (int i = 0; i < SHARDS; i++)
        sum += atomic_load_explicit(&h->shards[i].memory, memory_order_relaxed);
    return sum > 0 ? (uint64_t)sum : 0;
}

static inline void hub_counts(weft_hub *h, weft_hub_counter what, uint64_t n)
{
    if (n) atomic_fetch_add_explicit(&h->counts[what], n, memory_order_relaxed);
}

#endif
