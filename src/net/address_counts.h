/* SPDX-License-Identifier: MIT
 *
 * net/address_counts.h - how many connections an address has, for max_connections_per_ip
 *
 * An IPv6 address counts as its /64: that is what one customer has. Loopback and Unix sockets are not
 * counted: behind them stands a proxy for everybody.
 */
#ifndef NET_ADDRESS_COUNTS_H
#define NET_ADDRESS_COUNTS_H

#include <pthread.h>

#include "io/sock.h"

struct address_count {
    uint64_t key; /* 0: a free place */
    uint32_t n;
};

/* Open addressing with a keyed hash; empty it has no memory. All loops of a server count in one: that
 * takes a lock, when somebody comes and when he goes. */
struct address_counts {
    pthread_mutex_t lock;
    struct address_count *table;
    size_t size, used;
    uint64_t secret;
};

void address_counts_init(struct address_counts *p);
void address_counts_deinit(struct address_counts *p, const weft_env *env);

/* The address's key; 0 for one that is not counted. */
uint64_t address_key(const struct sock_addr *a);

/* One more of it, unless it has max already: 0, WEFT_ERR_POLICY, or -ENOMEM. key 0 always passes. */
int address_counts_add(struct address_counts *p, const weft_env *env, uint64_t key, uint64_t max);
void address_counts_remove(struct address_counts *p, uint64_t key);

#endif
