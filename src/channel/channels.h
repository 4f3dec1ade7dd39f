/* SPDX-License-Identifier: MIT
 *
 * channel/channels.h - what all channels share
 *
 * Counted: the program holds it, and so does whatever is under way, until it has ended; the last one frees the hub.
 */
#ifndef CHANNEL_CHANNELS_H
#define CHANNEL_CHANNELS_H

#include <stdatomic.h>

#include <weft/channel.h>

#include "channel/desk.h"

struct orders;
struct passes;
struct parcel;
struct store;
#include "channel/page.h"

struct weft_channels {
    atomic_uint refs;
    weft_loop *loop;
    weft_env copy;
    const weft_env *env; /* of copy, or NULL */
    weft_channels_config cfg;
    weft_deflate deflate; /* cfg's, or unused */
    weft_hub *hub;
    const struct store *store; /* channel/store.h; NULL: the log is all there is */
    weft_timer *reaper;        /* of desks */
    struct page page;
    struct desks desks;
    weft_buckets *buckets; /* channel/rates.h */
    bool counts_publishing;
    pthread_mutex_t queue_lock;
    struct parcel *queue; /* who waits for his turn, of all loops (channel/store.h) */
    pthread_mutex_t orders_lock;
    struct orders *orders; /* a loop's each (channel/pattern.h) */
    pthread_mutex_t passes_lock;
    struct passes *passes; /* the same (channel/pass.h) */
    uint64_t counts[WEFT_CHANNELS_POLLS + 1];
};

weft_channels *channels_ref(weft_channels *c);
void channels_unref(weft_channels *c);

/* Of what is there now: one has come, one has gone. */
static inline void channels_count(weft_channels *c, weft_channels_counter what)
{
    __atomic_fetch_add(&c->counts[what], 1, __ATOMIC_RELAXED);
}

static inline void channels_uncount(weft_channels *c, weft_channels_counter what)
{
    __atomic_fetch_sub(&c->counts[what], 1, __ATOMIC_RELAXED);
}

/* Whom the program has named to be told of what happens. */
void channels_tell(const weft_channels *c, const weft_channel_event *e);

uint64_t channels_random_ms(const weft_loop *l, uint64_t least, uint64_t most);

/* How long a client should wait before it comes again: random, so that not all come at once. */
uint64_t channels_retry_ms(const weft_loop *l);

#endif
