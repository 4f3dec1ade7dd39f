/* SPDX-License-Identifier: MIT
 *
 * channel/once.c - keys in a list by age, and their hashes in a row
 */
#include "channel/once.h"

#include "channel/bytes.h"
#include "channel/hook.h"

enum { ROOM_MIN = 8 };

/* FNV-1a. The length goes in first, so that parts cannot run into each other. */
uint64_t once_fingerprint(uint64_t before, weft_bytes part)
{
    uint64_t hash = before ^ 0xcbf29ce484222325u ^ part.len;
    hash *= 0x100000001b3u;
    for (size_t i = 0; i < part.len; i++) hash = (hash ^ part.data[i]) * 0x100000001b3u;
    return hash;
}

/* ---- the row --------------------------------------------------------------------------------- */

static struct once_key *find(const struct once_keys *o, weft_bytes key, uint64_t hash)
{
    for (size_t i = 0; i < o->n; i++) {
        const struct once_key *k = o->places[i].key;
        if (o->places[i].hash != hash) continue;
        if (bytes_same(key, (weft_bytes){k->bytes, k->len})) return o->places[i].key;
    }
    return NULL;
}

static bool resize(struct once_keys *o, size_t room)
{
    struct once_place *places = hook_realloc(o->env, o->places, room * sizeof *places);
    if (!places && room) return false;
    o->memory += room * sizeof *places;
    o->memory -= o->room * sizeof *places;
    o->places = places;
    o->room = room;
    return true;
}

static void enter(struct once_keys *o, struct once_key *k)
{
    k->place = o->n;
    o->places[o->n++] = (struct once_place){k->hash, k};
}

/* The last one takes its place. */
static void leave(struct once_keys *o, const struct once_key *k)
{
    struct once_place last = o->places[--o->n];
    o->places[k->place] = last;
    last.key->place = k->place;
    if (o->n <= o->room / 4 && (o->room > ROOM_MIN || !o->n))
        (void)resize(o, o->n ? o->room / 2 : 0);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void append(struct once_keys *o, struct once_key *k)
{
    k->older = o->newest;
    *(o->newest ? &o->newest->newer : &o->oldest) = k;
    o->newest = k;
}

static void take_out(struct once_keys *o, struct once_key *k)
{
    *(k->older ? &k->older->newer : &o->oldest) = k->newer;
    *(k->newer ? &k->newer->older : &o->newest) = k->older;
}

static size_t size_of(const struct once_key *k)
{
    return sizeof *k + k->len;
}

static void forget(struct once_keys *o, struct once_key *k)
{
    take_out(o, k);
    leave(o, k);
    o->memory -= size_of(k);
    hook_free(o->env, k);
}

static struct once_key *oldest_answered(const struct once_keys *o)
{
    struct once_key *k = o->oldest;
    while (k && !k->is_answered) k = k->newer;
    return k;
}

/* ---- keys ------------------------------------------------------------------------------------ */

void once_keys_init(struct once_keys *o, const weft_env *env)
{
    *o = (struct once_keys){.env = env};
}

void once_keys_deinit(struct once_keys *o)
{
    while (o->oldest) forget(o, o->oldest);
    hook_free(o->env, o->places);
    once_keys_init(o, o->env);
}

uint64_t once_expire(struct once_keys *o, uint64_t now_ms)
{
    struct once_key *k;
    while ((k = oldest_answered(o)) && now_ms - k->since_ms >= ONCE_MS) forget(o, k);
    return k ? k->since_ms + ONCE_MS : UINT64_MAX;
}

static struct once_key *add(struct once_keys *o, weft_bytes key, uint64_t hash, uint64_t now_ms)
{
    if (o->n == o->room && !resize(o, o->room ? 2 * o->room : ROOM_MIN)) return NULL;
    struct once_key *k = hook_realloc(o->env, NULL, sizeof *k + key.len);
    if (!k) return NULL;
    *k = (struct once_key){.hash = hash, .since_ms = now_ms, .len = key.len};
    if (key.len) memcpy(k->bytes, key.data, key.len);
    o->memory += size_of(k);
    append(o, k);
    enter(o, k);
    return k;
}

enum once_result once_begin(struct once_keys *o, weft_bytes key, uint64_t body, uint64_t now_ms,
                            struct once_key **out)
{
    uint64_t hash = once_fingerprint(0, key);
    (void)once_expire(o, now_ms);
    struct once_key *k = find(o, key, hash);
    *out = k;
    if (k && k->body != body) return ONCE_OTHER;
    if (k) return k->is_answered ? ONCE_ANSWERED : ONCE_UNDER_WAY;
    if (o->n == ONCE_KEYS_MAX && !(k = oldest_answered(o))) return ONCE_FULL;
    if (k) forget(o, k);
    *out = add(o, key, hash, now_ms);
    if (!*out) return ONCE_NO_MEMORY;
    (*out)->body = body;
    return ONCE_FIRST;
}

bool once_remember(struct once_keys *o, weft_bytes key, uint64_t body, uint64_t since_ms,
                   const weft_position *at)
{
    uint64_t hash = once_fingerprint(0, key);
    if (o->n == ONCE_KEYS_MAX || find(o, key, hash)) return false;
    struct once_key *k = add(o, key, hash, since_ms);
    if (!k) return false;
    k->body = body;
    k->is_answered = true;
    k->at = *at;
    return true;
}

static void *take_waiting(struct once_key *key)
{
    void *waiting = key->waiting;
    key->waiting = NULL;
    return waiting;
}

void *once_answer(struct once_key *key, const weft_position *at)
{
    key->is_answered = true;
    key->at = *at;
    return take_waiting(key);
}

void *once_fail(struct once_keys *o, struct once_key *key)
{
    void *waiting = take_waiting(key);
    forget(o, key);
    return waiting;
}
