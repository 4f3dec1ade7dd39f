/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.h - the demo's quotes: a market that says five times a second where its prices are
 *
 *      /quotes               a message for each price that has moved. Its key is the symbol: so with latest=key the
 *                            newest of each is what is kept, and who asks once is told what everything costs
 *      /quotes/minute        a message for each step, with all prices; a minute of them is kept, for who draws
 *      /quotes/queue         the same messages, as often, each channel with another policy: for who reads
 *      /quotes/latest        slowly (slow.h)
 *      /quotes/disconnect
 *
 * The market has been open for a minute when the program begins: so a minute is there from the first second on.
 */
#ifndef CLI_QUOTES_H
#define CLI_QUOTES_H

#include "cli/market.h"
#include "cli/service.h"

/* How its channels behave, as --channel would say it. A minute is 300 messages, and a few seconds more are for the
 * way of those who ask for them. What may wait for a slow reader is 50 messages, ten seconds. Who was disconnected is
 * told what he has missed, and goes on at the newest. */
#define QUOTES_CHANNEL    "/quotes: latest=key, history=none"
#define QUOTES_MINUTE     "/quotes/minute: history=400/66s"
#define QUOTES_QUEUE      "/quotes/queue: queue, window=50/1M, history=none"
#define QUOTES_LATEST     "/quotes/latest: latest, history=none"
#define QUOTES_DISCONNECT "/quotes/disconnect: disconnect, history=none"

enum { QUOTES_TOPICS = 5 };

struct quotes {
    const struct service *service;
    weft_topic *topics[QUOTES_TOPICS]; /* in the order above */
    weft_timer *timer;
    struct market market;
};

/* Errors: -errno. quotes_deinit is fine after a failure, and on a struct of zeros; in front of service_close. */
int quotes_open(struct quotes *q, const struct service *s);
void quotes_deinit(struct quotes *q);

#endif
