/* SPDX-License-Identifier: MIT
 *
 * channel/desk.h - what channels have besides their logs, where somebody needs it: idempotency keys, who waits, and who
 * is there
 *
 *      topic -> drawer (a lock) -> desks in it
 *
 * A desk is made when it is needed, holds its topic, and goes when nothing is on it: at once, or within a minute of its
 * last key's, or its last member's, time. Topics are found by their address, which strangers do not choose.
 */
#ifndef CHANNEL_DESK_H
#define CHANNEL_DESK_H

#include <pthread.h>

#include "channel/once.h"
#include "channel/presence.h"

enum { DRAWERS = 256, WAITING_MAX = 1000 };

struct board;

struct desk {
    struct desk *next;
    weft_topic *topic; /* held */
    unsigned waiting;  /* publishers, for their turn */
    struct once_keys once;
    struct presence presence;
    struct board *boards; /* one for each loop where somebody wants to see who is there */
};

struct desks {
    const weft_env *env;
    atomic_size_t presence_memory;
    struct drawer {
        pthread_mutex_t lock;
        struct desk *first;
        uint64_t now_ms; /* loops' clocks may differ a little: this one never goes back */
    } drawers[DRAWERS];
};

void desks_init(struct desks *d, const weft_env *env);
void desks_deinit(struct desks *d); /* nobody waits any more */

/* The desk of t, made if need be, and its drawer locked until desk_close. NULL: no memory, and nothing is locked.
 * *now_ms is what the caller's clock says, and becomes what is to be used. */
struct desk *desk_open(struct desks *d, weft_topic *t, uint64_t *now_ms);
void desk_close(struct desks *d, struct desk *desk);

/* The same, but none is made: NULL. */
struct desk *desk_find(struct desks *d, const weft_topic *t, uint64_t *now_ms);

/* Call each of them, locked. */
void desks_walk(struct desks *d, void (*each)(struct desk *desk, uint64_t now_ms, void *user),
                void *user);

/* Forget what is too old. */
void desks_expire(struct desks *d, uint64_t now_ms);

#endif
