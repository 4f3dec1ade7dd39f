/* SPDX-License-Identifier: MIT
 *
 * hub/topic.c - linear probing with removal by pulling back
 *
 * Invariant: from the slot that a topic's hash points to (its home) up to the slot where it is, no
 * slot is free. Growing and shrinking build a new array first; failing to shrink does no harm.
 */
#include "hub/topic.h"

#include <assert.h>
#include <string.h>

#include "hub/hook.h"
#include "hub/siphash.h"

enum { MIN_CAP = 8 };

static size_t home_slot(const struct topics *map, uint64_t hash)
{
    return (size_t)hash & (map->cap - 1);
}

static size_t next(const struct topics *map, size_t i)
{
    return (i + 1) & (map->cap - 1);
}

/* ---- the array ------------------------------------------------------------------------------- */

static void place(struct topics *map, struct topic_slot entry)
{
    size_t i = home_slot(map, entry.hash);
    while (map->slots[i].topic) i = next(map, i);
    map->slots[i] = entry;
}

static int resize(struct topics *map, size_t cap)
{
    struct topics old = *map;
    map->slots = hook_realloc(map->env, NULL, cap * sizeof *map->slots);
    if (!map->slots) {
        map->slots = old.slots;
        return -ENOMEM;
    }
    map->cap = cap;
    memset(map->slots, 0, cap * sizeof *map->slots);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].topic) place(map, old.slots[i]);
    }
    hook_free(map->env, old.slots);
    return 0;
}

static int reserve_one(struct topics *map)
{
    if (map->n < map->cap / 4 * 3) return 0;
    return resize(map, map->cap ? map->cap * 2 : MIN_CAP);
}

static void give_back(struct topics *map)
{
    if (map->cap > MIN_CAP && map->n < map->cap / 8) (void)resize(map, map->cap / 2);
}

/* Whether the entry at slot i may move back to the free slot: its home is not behind that one. */
static bool may_move(const struct topics *map, size_t i, size_t to)
{
    size_t mask = map->cap - 1;
    return ((i - home_slot(map, map->slots[i].hash)) & mask) >= ((i - to) & mask);
}

/* Slot i becomes free, and what was probed past it moves closer to its home. */
static void pull_back(struct topics *map, size_t i)
{
    for (size_t j = next(map, i); map->slots[j].topic; j = next(map, j)) {
        if (!may_move(map, j, i)) continue;
        map->slots[i] = map->slots[j];
        i = j;
    }
    map->slots[i].topic = NULL;
}

/* ---- the map --------------------------------------------------------------------------------- */

static bool is(const struct topic_slot *slot, uint64_t hash, const char *name, size_t len)
{
    return slot->hash == hash && slot->topic->len == len &&
           memcmp(slot->topic->name, name, len) == 0;
}

int topics_init(struct topics *map, const weft_env *env)
{
    *map = (struct topics){.env = env};
    return hook_random(env, map->key, sizeof map->key);
}

static void free_topic(struct topics *map, struct topic *t)
{
    hook_free(map->env, t->subscribers.v);
    hook_free(map->env, t);
}

void topics_deinit(struct topics *map)
{
    for (size_t i = 0; i < map->cap; i++) {
        if (map->slots[i].topic) free_topic(map, map->slots[i].topic);
    }
    hook_free(map->env, map->slots);
    map->slots = NULL;
    map->n = map->cap = 0;
}

struct topic *topics_find(const struct topics *map, const char *name, size_t len)
{
    if (map->n == 0) return NULL;
    uint64_t hash = siphash(map->key, name, len);
    for (size_t i = home_slot(map, hash); map->slots[i].topic; i = next(map, i)) {
        if (is(&map->slots[i], hash, name, len)) return map->slots[i].topic;
    }
    return NULL;
}

int topics_add(struct topics *map, struct topic **out, const char *name, size_t len)
{
    struct topic *t = hook_realloc(map->env, NULL, sizeof *t + len);
    if (!t) return -ENOMEM;
    if (reserve_one(map) < 0) {
        hook_free(map->env, t);
        return -ENOMEM;
    }
    *t = (struct topic){.hash = siphash(map->key, name, len), .len = len};
    memcpy(t->name, name, len);
    place(map, (struct topic_slot){.hash = t->hash, .topic = t});
    map->n++;
    *out = t;
    return 0;
}

void topics_remove(struct topics *map, struct topic *t)
{
    assert(t->subscribers.n == 0);
    size_t i = home_slot(map, t->hash);
    while (map->slots[i].topic != t) i = next(map, i);
    pull_back(map, i);
    map->n--;
    free_topic(map, t);
    give_back(map);
}
