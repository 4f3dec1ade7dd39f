/* SPDX-License-Identifier: MIT
 *
 * channel/budget.c - a bucket is the moment at which it is full again
 */
#include "channel/budget.h"

#include <arpa/inet.h>
#include <string.h>

#include "channel/once.h"

void budgets_init(struct budgets *b, uint64_t seed)
{
    *b = (struct budgets){.seed = seed};
    pthread_mutex_init(&b->lock, NULL);
}

void budgets_deinit(struct budgets *b)
{
    pthread_mutex_destroy(&b->lock);
}

static struct budget *find(struct budgets *b, const char *host)
{
    struct in6_addr six;
    weft_bytes of = {(const uint8_t *)host, strlen(host)};
    if (inet_pton(AF_INET6, host, &six) == 1) of = (weft_bytes){six.s6_addr, 8};
    return &b->of[once_fingerprint(b->seed, of) % BUDGETS];
}

uint64_t budget_take(struct budgets *b, const char *host, uint64_t rate, uint64_t now_ms)
{
    struct budget *its = find(b, host);
    uint64_t each = 1000 / rate + !(1000 / rate), most = BURST_S * 1000;
    uint64_t wait = 0;
    pthread_mutex_lock(&b->lock);
    if (its->full_ms < now_ms) its->full_ms = now_ms;
    if (its->full_ms + each > now_ms + most) wait = its->full_ms + each - now_ms - most;
    else its->full_ms += each;
    pthread_mutex_unlock(&b->lock);
    return wait;
}
