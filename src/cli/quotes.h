/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.h - the demo's quotes: pushed to everyone who is connected, five times a second
 *
 * The market moves in the first loop's thread; who connects looks at it in any. A lock keeps the two apart,
 * taken five times a second and when somebody comes.
 */
#ifndef CLI_QUOTES_H
#define CLI_QUOTES_H

#include <pthread.h>
#include <stdatomic.h>

#include "cli/market.h"
#include "cli/service.h"

struct quotes {
    struct traced traced; /* its place: the path of the route, and the topic */
    const struct service *service;
    weft_timer *timer;
    bool ticking; /* the first loop's */
    atomic_uint members;
    pthread_mutex_t lock; /* of: */
    struct market market;
};

/* Errors: -errno. quotes_deinit is fine after a failure, and on a struct of zeros. */
int quotes_add(struct quotes *q, struct service *s, const char *path);
void quotes_deinit(struct quotes *q);

#endif
