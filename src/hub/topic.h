/* SPDX-License-Identifier: MIT
 *
 * hub/topic.h - a log that many threads append to and read
 *
 *      publish    entry made -- lock: offset, place, what is to go, whom to wake -- unlock: free, wake, deliver here
 *      deliver    lock: at most BATCH references -- unlock: render, queue, let go
 *
 * What a log keeps: its history; and, up to the window, whatever is still to be delivered, which each of its
 * stands says. Everything in weft_topic but the counts is under its lock, or never changes.
 */
#ifndef HUB_TOPIC_H
#define HUB_TOPIC_H

#include "hub/core.h"
#include "hub/guests.h"
#include "hub/log.h"
#include "hub/pace.h"
#include "hub/part.h"

enum { BATCH = 64 };

/* What a topic knows of one of its loops (hub/local.h); under its lock. Where it has moved past a cursor, all that
 * there is is kept for him, and nobody waits for him. */
struct stand {
    struct stand *next_stand;
    struct part *part;
    struct task task;   /* there is something to deliver, or somebody to serve */
    uint64_t next;      /* the offset that those who keep up need */
    uint64_t slowest;   /* the least that a cursor needs of what is kept; WEFT_NEVER: none */
    uint64_t under_way; /* what is being delivered begins there; WEFT_NEVER: nothing is */
    bool passed;        /* the log has moved past a cursor */
};

/* The least offset that somebody there has yet to be told. */
static inline uint64_t stand_needs(const struct stand *s)
{
    uint64_t least = s->next < s->under_way ? s->next : s->under_way;
    return least < s->slowest ? least : s->slowest;
}

struct weft_topic {
    atomic_uint refs; /* 0: in its shard's list of idle ones */
    atomic_uint readers;
    weft_hub *hub;
    struct shard *shard;
    const weft_topic_settings *settings;
    pthread_mutex_t lock;
    struct log log;
    struct stand *stands;
    struct pace pace;
    struct guests guests;
    char epoch[24], epoch_before[24];
    uint64_t
        renewed; /* the offset in front of which this epoch begins, which no entry has; 0: it is the first */
    _Atomic int64_t counted; /* bytes that its shard knows of */
    bool is_new;             /* all that was published is needed (hub/lookout.h) */

    /* Under the lookouts' lock, while it is new. */
    unsigned unheard; /* by so many */
    weft_topic *next_new;

    /* With refs 0, under the shard's lock. */
    uint64_t idle_since; /* us; or a stub since */
    weft_topic *next_idle, *previous_idle;

    uint64_t hash;
    size_t len;
    char name[];
};

static inline void topic_lock(weft_topic *t)
{
    pthread_mutex_lock(&t->lock);
}

static inline void topic_unlock(weft_topic *t)
{
    pthread_mutex_unlock(&t->lock);
}

/* A topic with one reference, which is in no map yet. Errors: -ENOMEM, and the env's random's. */
int topic_new(weft_topic **out, weft_hub *h, weft_bytes name, uint64_t hash);
void topic_free(weft_topic *t);

/* Under the lock: what is kept beyond what is needed leaves. */
void topic_trim(weft_topic *t, uint64_t now_ms, struct leaving *to);

/* Under the lock: the log may have moved past somebody, who is not waited for any more. His loop finds out who is the
 * slowest now. */
void topic_pass_by(weft_topic *t, struct wakes *w);

/* Under the lock: what is kept leaves, but for what those who keep up have not been told yet. */
void topic_clear(weft_topic *t, struct leaving *to, struct wakes *w);

/* Under the lock: the shard learns what the log keeps. */
void topic_count_memory(weft_topic *t);

/* Under the lock: the least offset that somebody who comes now and then needs; WEFT_NEVER: nobody is expected. */
uint64_t topic_guests_need(weft_topic *t);

weft_position topic_position(const weft_topic *t, uint64_t offset);

/* Under the lock: what is too old goes, though nothing was appended since. */
void topic_expire(weft_topic *t, struct leaving *to);

/* Under the lock: the newest offset that is gone for whoever asks for it. */
uint64_t topic_gone_up_to(const weft_topic *t);

/* Under the lock. */
void topic_seek(const weft_topic *t, const weft_since *since, weft_seek *out);

/* Whether who goes on is spared what has been superseded. */
static inline bool topic_skips(const weft_topic *t)
{
    return t->settings->policy == WEFT_POLICY_LATEST ||
           t->settings->policy == WEFT_POLICY_LATEST_KEY;
}

/* Whether those who keep up are told so many a second at most. */
static inline bool topic_is_rated(const weft_topic *t)
{
    return t->settings->max_rate && topic_skips(t);
}

#endif
