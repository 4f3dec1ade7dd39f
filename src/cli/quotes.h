/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.h - the demo's quotes: pushed to everyone who is connected, five times a second
 */
#ifndef CLI_QUOTES_H
#define CLI_QUOTES_H

#include "cli/market.h"
#include "cli/service.h"

struct quotes {
    const struct service *service;
    const char *path; /* of the route, and the topic */
    weft_timer *timer;
    bool ticking;
    struct market market;
    weft_handler handler;
};

/* Errors: -errno. quotes_deinit is fine after a failure, and on a struct of zeros. */
int quotes_add(struct quotes *q, struct service *s, const char *path);
void quotes_deinit(struct quotes *q);

#endif
