/* SPDX-License-Identifier: MIT
 *
 * hub/lookout.h - who wants to know hears of each topic that is made
 *
 *      made -- shard's lock: into the map, and at the end of the list of new ones --> loops are woken
 *      new topics:   a -> b -> c -> d          a lookout is a position in that list
 *                         |         |
 *                        one      another      a was heard of by both, and has left it
 *
 * A topic is new until all lookouts that were there when it was made have heard of it. So long it is held, and keeps
 * all that is published, up to its window, as if somebody had yet to be told: so who begins to read when he hears of
 * it, at offset 0, misses nothing, whatever history it keeps. Hearing needs no memory, so nobody can miss a topic.
 *
 * Whoever looks at the topics that are there when his lookout is knows of all: what is not in the map when he looks at
 * its shard is put there later, under the shard's lock, by somebody who sees that there is one.
 */
#ifndef HUB_LOOKOUT_H
#define HUB_LOOKOUT_H

#include "hub/core.h"
#include "hub/part.h"

void lookouts_init(weft_hub *h);
void lookouts_deinit(weft_hub *h);

/* Whether there are some. Any thread. */
static inline bool lookouts_any(const weft_hub *h)
{
    return atomic_load_explicit(&h->lookouts.any, memory_order_relaxed);
}

/* Under the lock of its shard: t was made, and nobody else can find it yet. */
void lookouts_add(weft_topic *t, struct wakes *w);

#endif
