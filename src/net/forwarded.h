/* SPDX-License-Identifier: MIT
 *
 * net/forwarded.h - what a trusted proxy says of the client behind a request: X-Forwarded-For and -Proto
 *
 * It belongs to the exchange: one connection of a proxy may carry requests of several clients. The few WebSockets
 * and replies that have come from one keep it as a link, so that the others pay nothing for it.
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

/* The client's address as text, or the lane's peer's if nothing is known: as weft_conn_peer. f may be NULL. */
int forwarded_peer(const struct forwarded *f, const struct lane *l, char *text, size_t size);

/* A copy for a conversation that stays, as a link in its list; when it goes the link is told and frees it. Nothing to
 * keep, and there is none. 0 or -ENOMEM. */
int forwarded_keep(const struct forwarded *f, const weft_env *env, weft_link **links);

/* The one in the list; NULL: there is none. */
const struct forwarded *forwarded_in(weft_link *links);

#endif
