/* SPDX-License-Identifier: MIT
 *
 * hub/names.h - topics by name: found, held, idle, forgotten
 *
 *      held (refs > 0) --- last reference ---> idle: keeps something -> stub -> forgotten
 *                      <-- somebody asks ---/
 *
 * An idle topic stays as long as it keeps something, and as a stub (its name, epoch and offset) for stub_ms more; with
 * neither it is forgotten at once. The reaper looks after a shard at a time. When all topics together keep more than
 * they may, idle ones pay, the longest unused first.
 */
#ifndef HUB_NAMES_H
#define HUB_NAMES_H

#include "hub/core.h"

void names_init(weft_hub *h);

/* Nobody else is using it: topics that users hold all the same are gone. */
void names_deinit(weft_hub *h);

/* On the hub's timer. */
void names_reap(weft_timer *t, void *hub);

/* Of an errand, that the reaper is waited for. */
void names_start_reaper(weft_errand *e);

/* Topics that are held. */
struct held {
    weft_topic **topics;
    size_t n, cap;
};

/* Of the shard all whose names begin with prefix, for the caller to give back; what is in to is forgotten. -ENOMEM:
 * none. */
int names_hold(weft_hub *h, struct shard *s, weft_bytes prefix, struct held *to);

/* When the hub is freed: topics stay, and all of them are looked at. */
void names_hold_all(weft_hub *h);
void names_for_all(weft_hub *h, void (*each)(weft_topic *t));

#endif
