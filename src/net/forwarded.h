/* SPDX-License-Identifier: MIT
 *
 * net/forwarded.h - what a trusted proxy says of the client behind a request: X-Forwarded-For and -Proto
 *
 * It belongs to the exchange: one connection of a proxy may carry requests of several clients. The few WebSockets
 * and replies that have come from one have a weft_peer from the beginning (peer.h), so that the others pay nothing
 * for it.
 */
#ifndef NET_FORWARDED_H
#define NET_FORWARDED_H

#include "net/lane.h"
#include "net/trust.h"

/* All zero: nothing was said. */
struct forwarded {
    struct sock_addr client;
    bool known;  /* client is set */
    bool secure; /* the client came to the proxy by TLS */
};

/* The last one in X-Forwarded-For that is not a proxy of ours; X-Forwarded-Proto. */
void forwarded_read(struct forwarded *f, const struct trust *trust, const weft_field *fields,
                    size_t n);

/* The client's address, or the lane's peer's if nothing is known of him. f may be NULL. 0 or -ENOTCONN. */
int forwarded_peer(const struct forwarded *f, const struct lane *l, struct sock_addr *out);

#endif
