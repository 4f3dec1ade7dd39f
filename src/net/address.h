/* SPDX-License-Identifier: MIT
 *
 * net/address.h - the address of a peer in eight bytes, kept from accept on: after a reset the kernel knows it no more
 *
 *      63           32 31       16 15           0
 *      IPv4 address     port        4, C, 1         TCP; C: it is counted (max_connections_per_ip)
 *      0                            8, C, 1         a Unix socket without a name
 *      pointer to a block                  0        anything else: IPv6, a name, or counted as somebody else
 *      0                                            not known
 *
 * So most connections have no memory for it but that.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "io/sock.h"

/* All zero: not known, and nothing to clear. */
struct address {
    uint64_t word;
};

/* In place of what was there. counted_as is a key of address_counts.h; 0: it is not counted. 0, or -ENOMEM and nothing
 * has changed. */
int address_set(struct address *a, const weft_env *env, const struct sock_addr *from,
                uint64_t counted_as);
void address_clear(struct address *a, const weft_env *env);

/* 0 or -ENOTCONN. */
int address_get(const struct address *a, struct sock_addr *out);

/* The key that it is counted under. */
uint64_t address_counted_as(const struct address *a);

/* The same address, counted under another key from now on. 0 or -ENOMEM. */
int address_count_as(struct address *a, const weft_env *env, uint64_t key);

#endif
