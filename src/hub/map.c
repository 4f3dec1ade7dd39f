/* SPDX-License-Identifier: MIT
 *
 * hub/map.c - linear probing with removal by pulling back
 *
 * Invariant: from the slot that an item's hash points to (its home) up to the slot where it is, no
 * slot is free. Growing and shrinking build a new array first; failing to shrink does no harm.
 */
#include "hub/map.h"

#include <string.h>

#include "hub/hook.h"
#include "hub/siphash.h"

enum { MIN_CAP = 8 };

static size_t home_slot(const struct map *map, uint64_t hash)
{
    return (size_t)hash & (map->cap - 1);
}

static size_t next(const struct map *map, size_t i)
{
    return (i + 1) & (map->cap - 1);
}

/* ---- the array ------------------------------------------------------------------------------- */

static void place(struct map *map, struct map_slot entry)
{
    size_t i = home_slot(map, entry.hash);
    while (map->slots[i].item) i = next(map, i);
    map->slots[i] = entry;
}

static int resize(struct map *map, size_t cap)
{
    struct map old = *map;
    map->slots = hook_realloc(map->env, NULL, cap * sizeof *map->slots);
    if (!map->slots) {
        map->slots = old.slots;
        return -ENOMEM;
    }
    map->cap = cap;
    memset(map->slots, 0, cap * sizeof *map->slots);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].item) place(map, old.slots[i]);
    }
    hook_free(map->env, old.slots);
    return 0;
}

static bool has_room(size_t cap, size_t n)
{
    return n <= cap / 4 * 3;
}

static void give_back(struct map *map)
{
    if (map->n == 0) map_deinit(map);
    else if (map->cap > MIN_CAP && map->n < map->cap / 8) (void)resize(map, map->cap / 2);
}

/* Whether the entry at slot i may move back to the free slot: its home is not behind that one. */
static bool may_move(const struct map *map, size_t i, size_t to)
{
    size_t mask = map->cap - 1;
    return ((i - home_slot(map, map->slots[i].hash)) & mask) >= ((i - to) & mask);
}

/* Slot i becomes free, and what was probed past it moves closer to its home. */
static void pull_back(struct map *map, size_t i)
{
    for (size_t j = next(map, i); map->slots[j].item; j = next(map, j)) {
        if (!may_move(map, j, i)) continue;
        map->slots[i] = map->slots[j];
        i = j;
    }
    map->slots[i].item = NULL;
}

static size_t slot_of(const struct map *map, uint64_t hash, const void *item)
{
    size_t i = home_slot(map, hash);
    while (map->slots[i].item != item) i = next(map, i);
    return i;
}

/* ---- the map --------------------------------------------------------------------------------- */

void map_deinit(struct map *map)
{
    hook_free(map->env, map->slots);
    map->slots = NULL;
    map->n = map->cap = 0;
}

uint64_t map_hash(const struct map *map, weft_bytes name)
{
    return siphash(map->key, name.data, name.len);
}

static bool is(const struct map *map, const struct map_slot *slot, uint64_t hash, weft_bytes name)
{
    if (slot->hash != hash) return false;
    weft_bytes its = map->name(slot->item);
    return its.len == name.len && memcmp(its.data, name.data, name.len) == 0;
}

void *map_find(const struct map *map, uint64_t hash, weft_bytes name)
{
    if (map->n == 0) return NULL;
    for (size_t i = home_slot(map, hash); map->slots[i].item; i = next(map, i)) {
        if (is(map, &map->slots[i], hash, name)) return map->slots[i].item;
    }
    return NULL;
}

int map_reserve(struct map *map, size_t n)
{
    size_t cap = map->cap ? map->cap : MIN_CAP;
    if (has_room(map->cap, map->n + n)) return 0;
    while (!has_room(cap, map->n + n)) cap *= 2;
    return resize(map, cap);
}

int map_add(struct map *map, uint64_t hash, void *item)
{
    if (map_reserve(map, 1) < 0) return -ENOMEM;
    place(map, (struct map_slot){.hash = hash, .item = item});
    map->n++;
    return 0;
}

void map_replace(struct map *map, uint64_t hash, void *old, void *item)
{
    map->slots[slot_of(map, hash, old)].item = item;
}

void map_remove(struct map *map, uint64_t hash, const void *item)
{
    pull_back(map, slot_of(map, hash, item));
    map->n--;
    give_back(map);
}
