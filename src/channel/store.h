/* SPDX-License-Identifier: MIT
 *
 * channel/store.h - what is published goes to a store, and what the store confirms is in the channel
 *
 *      store_publish -> the store, which confirms or refuses, at once or later
 *          store_append -> the topic, at once, or when it is one's turn -> on_done, from the loop: where it is
 *          store_refuse                                                -> on_done: why not
 *
 * The usual one confirms at once, and keeps nothing but the topic's log. The answer comes later even so, in a turn of
 * its own: another store asks another machine. Who wants none (store_publish_at_once) needs no turn, and no memory,
 * if the store is of that kind and nobody is in front of him. What is confirmed first is first in its channel. A store
 * that does not have any more what it has confirmed says weft_topic_renew.
 */
#ifndef CHANNEL_STORE_H
#define CHANNEL_STORE_H

#include "channel/channels.h"
#include "channel/refusal.h"
#include "channel/who.h"

/* Errors of the store's own: the key was used for something else; for this, which is in the channel already. */
enum { STORE_OTHER = -1000001, STORE_AGAIN = -1000002 };

/* Messages on their way into a channel: all or none. Embedded in what waits for the answer, with all that it points to;
 * what is above the line is the caller's to fill in, the rest is zero. */
struct parcel {
    weft_channels *channels;
    weft_topic *topic;
    weft_loop *loop; /* in whose thread this is used */
    weft_message *const *messages;
    const weft_bytes *keys;
    size_t n;
    weft_bytes once; /* an idempotency key; empty: none */
    struct who who;  /* whose that is; used before store_publish returns */
    bool
        patient; /* it waits for its turn as long as that takes, because whoever said it is held up */
    void (*on_done)(
        struct parcel *p); /* once, if store_publish was called; p is the caller's again */
    /* ------------------------------------------------------------------------------------------ */
    int error; /* for on_done, as weft_topic_publish's; WEFT_ERR_BACKLOG: it has waited in vain; STORE_OTHER */
    weft_position at;
    weft_errand errand;
    weft_turn turn;
    bool in_line;                 /* it waits for its turn */
    struct parcel *after, **link; /* the others who do */
    weft_timer *timer;            /* how long it may do so */
    struct once_key *key;         /* it is the first one with it */
    struct parcel *next;          /* of those who wait for what the first one is told */
};

/* What keeps messages beyond the log (weft_channels.store). Embedded in it. */
struct store {
    /* Call store_append or store_refuse once, in the thread of p's loop; from here, too. */
    void (*publish)(const struct store *s, struct parcel *p);
    bool at_once; /* it never does but say store_append from there */
};

void store_publish(struct parcel *p);

/* Whether it was: p->error and p->at say how, and on_done is not called. If not, nothing was done. */
bool store_publish_at_once(struct parcel *p);

/* Whoever said it has gone: if it is in line it is dropped (WEFT_ERR_CLOSED), and else patient no more. */
void store_forsake(struct parcel *p);

void store_append(struct parcel *p);
void store_refuse(struct parcel *p, int error);

/* No loop runs any more, and none is gone yet: nobody has his turn from now on. */
void store_end(weft_channels *c);

/* Why it was not published. Returns -1. */
int store_refusal(int error, struct refusal *why);

#endif
