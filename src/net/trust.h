/* SPDX-License-Identifier: MIT
 *
 * net/trust.h - addresses whose word is taken for who their client is
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include "io/sock.h"

struct network {
    uint8_t bytes[16]; /* an IPv4 address as ::ffff:a.b.c.d */
    unsigned bits;     /* of these, from the front, have to be the same */
};

/* All zero trusts nobody. */
struct trust {
    struct network *networks;
    size_t n;
    bool unix_sockets;
};

/* list: NULL-terminated, of "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "localhost" and "unix"; may be
 * NULL. Errors: -EINVAL, which env's log is told of, -ENOMEM. To be deinited even then. */
int trust_init(struct trust *t, const weft_env *env, const char *const *list);
void trust_deinit(struct trust *t, const weft_env *env);

bool trust_has(const struct trust *t, const struct sock_addr *a);

#endif
