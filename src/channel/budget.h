/* SPDX-License-Identifier: MIT
 *
 * channel/budget.h - how many new channels an address may make: so many a second, and ten seconds' worth at once
 *
 * A table of fixed size, in which addresses share a place by chance; which ones, nobody can choose, since the hash has
 * a seed. Of IPv6 an address is its first 64 bits: a customer has so many.
 */
#ifndef CHANNEL_BUDGET_H
#define CHANNEL_BUDGET_H

#include <pthread.h>

#include <weft/base.h>

enum { BUDGETS = 4096, BURST_S = 10 };

struct budgets {
    pthread_mutex_t lock;
    uint64_t seed;
    struct budget {
        uint64_t full_ms; /* when it is full again; what has passed: it is */
    } of[BUDGETS];
};

void budgets_init(struct budgets *b, uint64_t seed);
void budgets_deinit(struct budgets *b);

/* One more for this host (weft_peer_host), of rate a second. 0; or how long to wait, in ms: at least 1. */
uint64_t budget_take(struct budgets *b, const char *host, uint64_t rate, uint64_t now_ms);

#endif
