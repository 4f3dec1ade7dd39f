/* SPDX-License-Identifier: MIT
 *
 * channel/rates.h - how often something may be done, by whom: so many a second, and ten seconds' worth at once
 *
 * An address of IPv6 is its first 64 bits: a customer has so many. All buckets are in one table (weft_buckets), of
 * which a connection that is idle has nothing.
 */
#ifndef CHANNEL_RATES_H
#define CHANNEL_RATES_H

#include "channel/channels.h"
#include "channel/refusal.h"
#include "channel/who.h"

/* Who publishes: by one of the two. */
struct publisher {
    weft_request *request;
    weft_conn *conn;
    struct who who;
};

/* 0 or -ENOMEM, or what the env's random says. */
int rates_open(weft_channels *c);

/* A channel is made from this host (weft_peer_host). 0; or how long to wait, in ms. */
uint64_t rates_make(weft_channels *c, const char *host, uint64_t now_us);

/* He publishes n messages of so many bytes, where that is counted (counts_publishing). 0; or how long he has to wait
 * before he may, in ms. */
uint64_t rates_publish(weft_channels *c, const struct publisher *p, size_t n, size_t bytes);

/* 429. Returns -1. */
int rates_refusal(struct refusal *why, uint64_t wait_ms);

#endif
