/* SPDX-License-Identifier: MIT
 *
 * hub/part.h - what a hub has on one loop: the subscribers there, and what is on its way to them
 *
 *      hub -> part (the hub's own loop) -> part (another loop) -> ...
 *               |
 *               +-- topics -> edges -> member -> weft_conn
 *
 * A part belongs to its loop's thread, but for its three counters, which publishers on other loops look
 * at, and its place in the list: that only grows, at its head, by the loop that finds itself missing. All
 * parts go with the hub.
 */
#ifndef HUB_PART_H
#define HUB_PART_H

#include <stdatomic.h>

#include <weft/hub.h>

#include "hub/topic.h"

struct part {
    struct part *next;
    weft_hub *hub;
    weft_loop *loop;
    struct topics topics;
    atomic_size_t members; /* connections with topics: none, and nothing is passed here */
    atomic_size_t waiting, waiting_bytes; /* messages passed and not delivered yet */
};

struct weft_hub {
    atomic_uint refs; /* the user's, and one for each post under way */
    weft_loop *loop;
    const weft_env *env; /* NULL, or the copy: the last post may be done when the loop is gone */
    weft_env copy;
    weft_hub_config cfg;
    _Atomic(struct part *) parts;
    _Atomic uint64_t dropped; /* messages that subscribers missed */
};

/* Errors: -ENOMEM, and the env's random's. */
int part_new(struct part **out, weft_hub *h, weft_loop *l);

/* Nobody is subscribed any more; connections stay. */
void part_forget_all(struct part *p);
void part_free(struct part *p);

/* NULL: nobody is subscribed. */
struct topic *part_topic(const struct part *p, const char *name);

/* As weft_subscribe and so on, for a connection of this loop. */
int part_subscribe(struct part *p, weft_conn *c, const char *topic);
int member_unsubscribe(weft_hub *h, weft_conn *c, const char *topic);
void member_unsubscribe_all(weft_hub *h, weft_conn *c);

/* The part that c is a member of; NULL: of none. */
struct part *member_part(const weft_hub *h, const weft_conn *c);

/* Queue m for the topic's subscribers but one. Returns how many it was queued for. */
int topic_send(const struct topic *t, weft_hub *h, weft_message *m, const weft_conn *except);

#endif
