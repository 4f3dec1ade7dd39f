/* SPDX-License-Identifier: MIT
 *
 * channel/orders.h - the patterns of all sessions of one loop: they hear of each channel that is made
 *
 * There is a lookout for each loop on which somebody has a pattern, and none elsewhere.
 */
#ifndef CHANNEL_ORDERS_H
#define CHANNEL_ORDERS_H

#include "channel/name.h"
#include "channel/session.h"

struct pattern {
    struct pattern *next; /* of its session */
    struct session *session;
    struct orders *orders;
    struct pattern *next_here, *previous_here; /* of its loop */
    uint64_t number;                           /* no other of its session has it, or had */
    bool misses_some;                          /* that was said */
    struct name name;
};

/* From now on it meets what is made. In its session's thread. 0, or as weft_lookout_new. */
int orders_add(struct pattern *p);
void orders_remove(struct pattern *p);

/* What they are told: p means it, perhaps, and then it begins behind at. */
void pattern_meets(struct pattern *p, weft_topic *t, const weft_position *at);

#endif
