/* SPDX-License-Identifier: MIT
 *
 * hub/map.h - the map from a name to what has that name
 *
 * Open addressing with linear probing, in one array of a power of two that is between 1/8 and 3/4
 * full; each slot remembers its hash, so that neither probing nor growing touches what is in the map. A
 * removal pulls the rest of the run back: there are no tombstones, and lookups never get slower.
 *
 * The hash is keyed (hub/siphash.h): names come from strangers.
 */
#ifndef HUB_MAP_H
#define HUB_MAP_H

#include <stdbool.h>

#include <weft/base.h>

struct map_slot {
    uint64_t hash;
    void *item; /* NULL: free */
};

struct map {
    const weft_env *env;
    const uint8_t *key; /* 16 bytes; the caller's */
    weft_bytes (*name)(const void *item);
    struct map_slot *slots;
    size_t n, cap; /* cap is 0 or a power of two */
};

/* Frees the array; what is in the map is the caller's. */
void map_deinit(struct map *map);

uint64_t map_hash(const struct map *map, weft_bytes name);

/* hash is the name's. NULL: it is not there. */
void *map_find(const struct map *map, uint64_t hash, weft_bytes name);

/* Room for n more: so many map_add do not fail then. -ENOMEM. */
int map_reserve(struct map *map, size_t n);

/* Under a name that is not in the map. Errors: -ENOMEM (the map is as before). */
int map_add(struct map *map, uint64_t hash, void *item);

/* In place of what is there under the same name. */
void map_replace(struct map *map, uint64_t hash, void *old, void *item);

/* What is in the map. */
void map_remove(struct map *map, uint64_t hash, const void *item);

#endif
