/* SPDX-License-Identifier: MIT
 *
 * base/buckets.c - token buckets in a table of fixed size
 *
 *      key -> hash, with a secret -> a set of 8 places -> its own, or the one that is full longest, or nearest to it
 *
 * A bucket is the moment at which it is full again: so nothing has to be filled up, and one that is full is as good as
 * none, and forgotten first. Where no place is free whoever is new takes over one with what it lacks: two share a
 * bucket then, and whoever comes by many keys has no more than the table holds. Which keys meet, nobody can choose.
 */
#include <errno.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/env.h"

enum { WAYS = 8, BURST_S = 10, SECOND_US = 1000000 };

struct place {
    uint64_t key;     /* its hash; 0: nobody's */
    uint64_t full_us; /* what has passed: it is full */
};

struct weft_buckets {
    pthread_mutex_t lock;
    weft_env copy;
    const weft_env *env; /* of copy, or NULL */
    uint64_t secret[2];
    size_t sets; /* a power of two */
    struct place places[];
};

/* ---- life ------------------------------------------------------------------------------------ */

static size_t sets_for(size_t places)
{
    size_t sets = 1;
    while (sets * WAYS < places) sets *= 2;
    return sets;
}

int weft_buckets_new_sized(weft_buckets **out, const weft_env *env, size_t env_size, size_t places)
{
    weft_env own;
    *out = NULL;
    int error = env_take_at(NULL, &own, &env, env_size);
    if (error) return error;
    if (places > SIZE_MAX / sizeof(struct place) / 4) return -ENOMEM;
    size_t sets = sets_for(places);
    weft_buckets *b = mem_zalloc(env, sizeof *b + sets * WAYS * sizeof *b->places);
    if (!b) return -ENOMEM;
    error = env_random(env, b->secret, sizeof b->secret);
    if (error) {
        mem_free(env, b);
        return error;
    }
    if (env) b->copy = *env;
    b->env = env ? &b->copy : NULL;
    b->sets = sets;
    pthread_mutex_init(&b->lock, NULL);
    *out = b;
    return 0;
}

void weft_buckets_free(weft_buckets *b)
{
    if (!b) return;
    weft_env copy = b->copy;
    const weft_env *env = b->env ? &copy : NULL;
    pthread_mutex_destroy(&b->lock);
    mem_free(env, b);
}

/* ---- places ---------------------------------------------------------------------------------- */

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 wide = (unsigned __int128)a * b;
    return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

/* Never 0. */
static uint64_t hash(const weft_buckets *b, weft_bytes key)
{
    uint64_t h = b->secret[0] ^ key.len;
    for (size_t i = 0; i < key.len; i += 8) {
        uint64_t eight = 0;
        memcpy(&eight, key.data + i, key.len - i < 8 ? key.len - i : 8);
        h = fold(h ^ eight, b->secret[1] | 1) + b->secret[0];
    }
    h = fold(h ^ b->secret[1], UINT64_C(0x9e3779b97f4a7c15));
    return h ? h : 1;
}

static struct place *find(weft_buckets *b, weft_bytes key)
{
    uint64_t h = hash(b, key);
    struct place *set = &b->places[(h & (b->sets - 1)) * WAYS], *fullest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == h) return &set[i];
        if (set[i].full_us < fullest->full_us) fullest = &set[i];
    }
    fullest->key = h;
    return fullest;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static uint64_t capped(unsigned __int128 us)
{
    return us < UINT64_MAX / 4 ? (uint64_t)us : UINT64_MAX / 4;
}

/* How long filling up so much takes. */
static uint64_t us_of(const weft_take *t, uint64_t amount)
{
    return capped(((unsigned __int128)amount * SECOND_US + t->per_s - 1) / t->per_s);
}

static uint64_t depth_us(const weft_take *t)
{
    return t->burst ? us_of(t, t->burst) : (uint64_t)BURST_S * SECOND_US;
}

/* What is more than a bucket holds needs a full one, and leaves it with less than nothing. */
static uint64_t wait_us(const struct place *p, const weft_take *t, uint64_t now_us)
{
    uint64_t lacks = p->full_us > now_us ? p->full_us - now_us : 0;
    uint64_t depth = depth_us(t), wanted = us_of(t, t->amount);
    uint64_t may_lack = wanted < depth ? depth - wanted : 0;
    return lacks > may_lack ? lacks - may_lack : 0;
}

static void take(struct place *p, const weft_take *t, uint64_t now_us)
{
    if (p->full_us < now_us) p->full_us = now_us;
    p->full_us += us_of(t, t->amount);
}

static uint64_t longest_wait(weft_buckets *b, const weft_take *takes, size_t n, uint64_t now_us)
{
    uint64_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        if (!takes[i].per_s) continue;
        uint64_t wait = wait_us(find(b, takes[i].key), &takes[i], now_us);
        if (wait > longest) longest = wait;
    }
    return longest;
}

uint64_t weft_buckets_take(weft_buckets *b, const weft_take *takes, size_t n, uint64_t now_us)
{
    pthread_mutex_lock(&b->lock);
    uint64_t wait = longest_wait(b, takes, n, now_us);
    for (size_t i = 0; i < n && !wait; i++)
        if (takes[i].per_s) take(find(b, takes[i].key), &takes[i], now_us);
    pthread_mutex_unlock(&b->lock);
    return (wait + 999) / 1000;
}
