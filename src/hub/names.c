/* SPDX-License-Identifier: MIT
 *
 * hub/names.c - the shards: a map of names each, and a list of those that are idle
 */
#include "hub/names.h"

#include <string.h>

#include "hub/hook.h"
#include "hub/lookout.h"
#include "hub/settings.h"
#include "hub/topic.h"

static weft_bytes name_of(const void *item)
{
    return weft_topic_name(item);
}

void names_init(weft_hub *h)
{
    for (int i = 0; i < SHARDS; i++) {
        struct shard *s = &h->shards[i];
        pthread_mutex_init(&s->lock, NULL);
        s->topics = (struct map){.env = h->env, .key = h->secret, .name = name_of};
    }
}

/* The map uses the low bits. */
static struct shard *shard_of(weft_hub *h, uint64_t hash)
{
    return &h->shards[hash >> 58];
}

_Static_assert(SHARDS == 1 << (64 - 58), "the high bits");

/* ---- idle ones; under the shard's lock ------------------------------------------------------- */

static void idle_add(struct shard *s, weft_topic *t)
{
    t->idle_since = hook_now_us(t->hub->env);
    t->next_idle = NULL;
    t->previous_idle = s->newest_idle;
    *(s->newest_idle ? &s->newest_idle->next_idle : &s->idle) = t;
    s->newest_idle = t;
}

static void idle_remove(struct shard *s, weft_topic *t)
{
    *(t->previous_idle ? &t->previous_idle->next_idle : &s->idle) = t->next_idle;
    *(t->next_idle ? &t->next_idle->previous_idle : &s->newest_idle) = t->previous_idle;
}

static void forget(struct shard *s, weft_topic *t)
{
    map_remove(&s->topics, t->hash, t);
    atomic_fetch_sub_explicit(&t->hub->topics, 1, memory_order_relaxed);
}

static bool keeps_something(const weft_topic *t)
{
    return t->log.n || t->log.outlived;
}

/* Nobody holds it any more: whether it stays. */
static bool stays(const weft_topic *t)
{
    return keeps_something(t) || t->settings->stub_ms;
}

/* ---- references ------------------------------------------------------------------------------ */

static weft_topic *hold(struct shard *s, weft_topic *t)
{
    if (t && atomic_fetch_add_explicit(&t->refs, 1, memory_order_acq_rel) == 0) idle_remove(s, t);
    return t;
}

weft_topic *weft_topic_ref(weft_topic *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

/* Whether it was not the last reference, and is dropped. */
static bool drop_one_of_many(weft_topic *t)
{
    unsigned refs = atomic_load_explicit(&t->refs, memory_order_relaxed);
    while (refs > 1 && !atomic_compare_exchange_weak_explicit(
                           &t->refs, &refs, refs - 1, memory_order_acq_rel, memory_order_relaxed))
        continue;
    return refs > 1;
}

void weft_topic_unref(weft_topic *t)
{
    if (!t || drop_one_of_many(t)) return;
    struct shard *s = t->shard;
    pthread_mutex_lock(&s->lock);
    bool last = atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1;
    bool goes = last && !stays(t);
    if (goes) forget(s, t);
    else if (last) idle_add(s, t);
    pthread_mutex_unlock(&s->lock);
    if (goes) topic_free(t);
}

/* ---- by name --------------------------------------------------------------------------------- */

static bool is_name(const weft_hub *h, weft_bytes name)
{
    return name.len >= 1 && name.len <= h->cfg.max_topic_len && !memchr(name.data, 0, name.len);
}

static uint64_t hash_of(weft_hub *h, weft_bytes name)
{
    return map_hash(&h->shards[0].topics, name);
}

static weft_topic *find(weft_hub *h, uint64_t hash, weft_bytes name)
{
    struct shard *s = shard_of(h, hash);
    pthread_mutex_lock(&s->lock);
    weft_topic *t = hold(s, map_find(&s->topics, hash, name));
    pthread_mutex_unlock(&s->lock);
    return t;
}

weft_topic *weft_topic_find(weft_hub *h, weft_bytes name)
{
    return is_name(h, name) ? find(h, hash_of(h, name), name) : NULL;
}

/* The reaper works as long as there is something to reap. */
static void wake_reaper(weft_hub *h)
{
    if (atomic_exchange(&h->reaping, true)) return;
    hub_ref(h);
    if (!weft_errand_post(h->loop, 0, &h->reap)) hub_unref(h);
}

/* made goes into the map, unless somebody was quicker. */
static int add(weft_hub *h, weft_topic *made, weft_topic **out)
{
    struct shard *s = shard_of(h, made->hash);
    struct wakes w = {0};
    pthread_mutex_lock(&s->lock);
    *out = hold(s, map_find(&s->topics, made->hash, weft_topic_name(made)));
    int error = *out ? 0 : map_add(&s->topics, made->hash, made);
    if (!*out && !error) {
        made->shard = s;
        *out = made;
        if (lookouts_any(h)) lookouts_add(made, &w);
    }
    pthread_mutex_unlock(&s->lock);
    wakes_send(&w, h);
    return error;
}

static int make(weft_hub *h, uint64_t hash, weft_bytes name, weft_topic **out)
{
    weft_topic *made;
    if (atomic_fetch_add(&h->topics, 1) >= h->cfg.max_topics) {
        atomic_fetch_sub_explicit(&h->topics, 1, memory_order_relaxed);
        return -ENOSPC;
    }
    int error = topic_new(&made, h, name, hash);
    if (!error) {
        error = add(h, made, out);
        if (*out == made) wake_reaper(h);
        else topic_free(made);
    }
    if (error || *out != made) atomic_fetch_sub_explicit(&h->topics, 1, memory_order_relaxed);
    return error;
}

int weft_topic_get(weft_topic **out, weft_hub *h, weft_bytes name)
{
    *out = NULL;
    if (!is_name(h, name)) return -EINVAL;
    uint64_t hash = hash_of(h, name);
    *out = find(h, hash, name);
    return *out ? 0 : make(h, hash, name, out);
}

size_t weft_subscribers(weft_hub *h, const char *topic)
{
    weft_topic *t = weft_topic_find(h, (weft_bytes){(const uint8_t *)topic, strlen(topic)});
    size_t n = t ? weft_topic_subscribers(t) : 0;
    weft_topic_unref(t);
    return n;
}

/* ---- many ------------------------------------------------------------------------------------ */

static weft_topic *in_slot(const struct shard *s, size_t i, weft_bytes prefix)
{
    weft_topic *t = s->topics.slots[i].item;
    if (!t || !prefix.len) return t;
    return t->len >= prefix.len && !memcmp(t->name, prefix.data, prefix.len) ? t : NULL;
}

static size_t count(const struct shard *s, weft_bytes prefix)
{
    size_t n = 0;
    for (size_t i = 0; i < s->topics.cap; i++) n += in_slot(s, i, prefix) != NULL;
    return n;
}

static int reserve(const weft_hub *h, struct held *to, size_t n)
{
    if (n <= to->cap) return 0;
    weft_topic **topics = hook_realloc(h->env, to->topics, n * sizeof *topics);
    if (!topics) return -ENOMEM;
    to->topics = topics;
    to->cap = n;
    return 0;
}

/* Whether there was room for all. */
static bool hold_matching(struct shard *s, weft_bytes prefix, struct held *to, size_t *n)
{
    pthread_mutex_lock(&s->lock);
    *n = count(s, prefix);
    bool fits = *n <= to->cap;
    for (size_t i = 0; fits && to->n < *n; i++)
        if (in_slot(s, i, prefix)) to->topics[to->n++] = hold(s, in_slot(s, i, prefix));
    pthread_mutex_unlock(&s->lock);
    return fits;
}

int names_hold(weft_hub *h, struct shard *s, weft_bytes prefix, struct held *to)
{
    size_t n;
    to->n = 0;
    while (!hold_matching(s, prefix, to, &n))
        if (reserve(h, to, n) < 0) return -ENOMEM;
    return 0;
}

/* ---- the reaper ------------------------------------------------------------------------------ */

enum { REAP_MS = 250, REAP_SHARDS = 4 };

static void free_all(weft_topic *list)
{
    for (weft_topic *next; list; list = next) {
        next = list->next_idle;
        topic_free(list);
    }
}

static bool is_over(const weft_topic *t, uint64_t now_us)
{
    uint64_t stub_ms = t->settings->stub_ms;
    if (keeps_something(t)) return false;
    return stub_ms != WEFT_NEVER && (now_us - t->idle_since) / 1000 >= stub_ms;
}

/* Under the shard's lock: what is too old leaves. One that keeps nothing from now on begins to be a stub. */
static void age(weft_topic *t, uint64_t now_us, uint64_t now_ms, struct leaving *old)
{
    bool kept = keeps_something(t);
    topic_trim(t, now_ms, old);
    topic_count_memory(t);
    if (kept && !keeps_something(t)) t->idle_since = now_us;
}

/* Of a shard: idle ones keep what is young enough, and those that are over go. */
static void reap_shard(weft_hub *h, struct shard *s)
{
    size_t stubs = 0, most = h->cfg.max_stubs / SHARDS + 1;
    weft_topic *over = NULL;
    struct leaving old = {0};
    pthread_mutex_lock(&s->lock);
    uint64_t now_us = hook_now_us(h->env), now_ms = hook_time_ms();
    for (weft_topic *t = s->newest_idle, *previous; t; t = previous) {
        previous = t->previous_idle;
        age(t, now_us, now_ms, &old);
        stubs += !keeps_something(t);
        if (!is_over(t, now_us) && (keeps_something(t) || stubs <= most)) continue;
        idle_remove(s, t);
        forget(s, t);
        t->next_idle = over;
        over = t;
    }
    pthread_mutex_unlock(&s->lock);
    leaving_free(&old);
    free_all(over);
}

/* Idle ones of a shard keep nothing, the longest unused first, as long as all topics keep too much. */
static void squeeze_shard(weft_hub *h, struct shard *s)
{
    struct leaving old = {0};
    pthread_mutex_lock(&s->lock);
    for (weft_topic *t = s->idle; t; t = t->next_idle) {
        if (hub_memory(h) <= h->cfg.memory_max) break;
        if (keeps_something(t)) t->idle_since = hook_now_us(h->env);
        log_clear(&t->log, UINT64_MAX, &old);
        topic_count_memory(t);
    }
    pthread_mutex_unlock(&s->lock);
    leaving_free(&old);
}

static bool keeps_too_much(const weft_hub *h)
{
    return hub_memory(h) > h->cfg.memory_max;
}

static int64_t kept(const weft_topic *t)
{
    return atomic_load_explicit(&t->counted, memory_order_relaxed);
}

/* The one that keeps most, or best if that is it. */
static weft_topic *larger(struct shard *s, weft_topic *best)
{
    weft_topic *found = best;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->topics.cap; i++) {
        weft_topic *t = s->topics.slots[i].item;
        if (t && (!found || kept(t) > kept(found))) found = t;
    }
    if (found != best) (void)hold(s, found);
    pthread_mutex_unlock(&s->lock);
    if (found != best) weft_topic_unref(best);
    return found;
}

/* What only cursors need goes, too, of the topic that keeps most. */
static void squeeze_largest(weft_hub *h)
{
    weft_topic *t = NULL;
    for (int i = 0; i < SHARDS; i++) t = larger(&h->shards[i], t);
    if (t) weft_topic_clear(t);
    weft_topic_unref(t);
}

enum { SQUEEZED_MAX = 8 }; /* in one go: each is a look at all topics */

static void squeeze(weft_hub *h)
{
    for (int i = 0; i < SHARDS && keeps_too_much(h); i++) squeeze_shard(h, &h->shards[i]);
    for (int i = 0; i < SQUEEZED_MAX && keeps_too_much(h); i++) squeeze_largest(h);
}

/* Whether the reaper goes on. Who makes a topic counts it first and looks at reaping then, so one of both sees it. */
static bool is_wanted(weft_hub *h)
{
    if (atomic_load(&h->topics)) return true;
    atomic_store(&h->reaping, false);
    return atomic_load(&h->topics) && !atomic_exchange(&h->reaping, true);
}

void names_reap(weft_timer *timer, void *hub)
{
    weft_hub *h = hub;
    for (int i = 0; i < REAP_SHARDS; i++) reap_shard(h, &h->shards[h->next_shard++ % SHARDS]);
    squeeze(h);
    if (is_wanted(h)) weft_timer_start(timer, REAP_MS);
}

void names_start_reaper(weft_errand *e)
{
    weft_hub *h = (weft_hub *)(void *)((char *)e - offsetof(weft_hub, reap));
    if (h->reaper) weft_timer_start(h->reaper, REAP_MS);
    hub_unref(h);
}

/* ---- the end --------------------------------------------------------------------------------- */

void names_for_all(weft_hub *h, void (*each)(weft_topic *t))
{
    for (int i = 0; i < SHARDS; i++)
        for (size_t k = 0; k < h->shards[i].topics.cap; k++)
            if (h->shards[i].topics.slots[k].item) each(h->shards[i].topics.slots[k].item);
}

/* Whatever readers do when they are told, their topics stay in the map. */
static void hold_one(weft_topic *t)
{
    (void)hold(t->shard, t);
}

void names_hold_all(weft_hub *h)
{
    names_for_all(h, hold_one);
}

void names_deinit(weft_hub *h)
{
    names_for_all(h, topic_free);
    for (int i = 0; i < SHARDS; i++) {
        map_deinit(&h->shards[i].topics);
        pthread_mutex_destroy(&h->shards[i].lock);
    }
}
