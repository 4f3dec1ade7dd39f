/* SPDX-License-Identifier: MIT
 *
 * tests/net/two_addresses.h - a resolver for which every name has two addresses: nobody listens at the
 * first, 127.0.0.2, and the second is the test's own
 */
#ifndef NET_TWO_ADDRESSES_H
#define NET_TWO_ADDRESSES_H

#include <netdb.h>

#include "raw.h"

static int resolver_says; /* an EAI_* instead, with EIO for EAI_SYSTEM; 0: the addresses */

static inline int two_addresses(const char *host, const char *service, const struct addrinfo *hints,
                                struct addrinfo **out)
{
    (void)host, (void)hints;
    static struct sockaddr_in to[2];
    static struct addrinfo list[2];
    errno = EIO;
    if (resolver_says) return resolver_says;
    for (int i = 0; i < 2; i++) {
        to[i] = loopback(service ? (uint16_t)atoi(service) : 0);
        to[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK + (i == 0));
        list[i] = (struct addrinfo){.ai_family = AF_INET,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_addrlen = sizeof to[i],
                                    .ai_addr = (struct sockaddr *)&to[i],
                                    .ai_next = i == 0 ? &list[1] : NULL};
    }
    *out = list;
    return 0;
}

static inline void keep_addresses(struct addrinfo *list)
{
    (void)list;
}

static inline void use_two_addresses(struct sys *sys, int says)
{
    resolver_says = says;
    sys->getaddrinfo = two_addresses;
    sys->freeaddrinfo = keep_addresses;
}

#endif
