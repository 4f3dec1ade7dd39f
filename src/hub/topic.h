/* SPDX-License-Identifier: MIT
 *
 * hub/topic.h - the map from a name to its topic
 *
 * Open addressing with linear probing, in one array of a power of two that is between 1/8 and 3/4
 * full; each slot remembers its hash, so that neither probing nor growing touches the topics. A
 * removal pulls the rest of the run back: there are no tombstones, and lookups never get slower.
 *
 * The hash is keyed (hub/siphash.h): names come from strangers.
 */
#ifndef HUB_TOPIC_H
#define HUB_TOPIC_H

#include "hub/edges.h"

struct topic {
    struct edges subscribers;
    uint64_t hash;
    size_t len;
    char name[]; /* len bytes */
};

struct topic_slot {
    uint64_t hash;
    struct topic *topic; /* NULL: free */
};

struct topics {
    const weft_env *env;
    uint8_t key[16];
    struct topic_slot *slots;
    size_t n, cap; /* cap is 0 or a power of two */
};

/* Errors: those of the env's random. */
int topics_init(struct topics *map, const weft_env *env);

/* Frees the topics too. They need not be without subscribers: their edges are forgotten. */
void topics_deinit(struct topics *map);

struct topic *topics_find(const struct topics *map, const char *name, size_t len);

/* A new topic under a name that is not in the map. Errors: -ENOMEM (the map is as before). */
int topics_add(struct topics *map, struct topic **out, const char *name, size_t len);

/* Take out and free a topic without subscribers. */
void topics_remove(struct topics *map, struct topic *t);

#endif
