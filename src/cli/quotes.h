/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.h - the demo's quotes: a market that says what has moved, five times a second, on a channel
 *
 * Each price is a message, whose key is its symbol: so with latest=key the newest of each is what is kept.
 */
#ifndef CLI_QUOTES_H
#define CLI_QUOTES_H

#include "cli/market.h"
#include "cli/service.h"

/* How its channel behaves, as --channel would say it. */
#define QUOTES_CHANNEL "/quotes: latest=key, history=none"

struct quotes {
    const struct service *service;
    weft_topic *topic;
    weft_timer *timer;
    struct market market;
};

/* Errors: -errno. quotes_deinit is fine after a failure, and on a struct of zeros; in front of service_close. */
int quotes_open(struct quotes *q, const struct service *s);
void quotes_deinit(struct quotes *q);

#endif
