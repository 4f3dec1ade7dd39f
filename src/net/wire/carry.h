/* SPDX-License-Identifier: MIT
 *
 * net/wire/carry.h - a socket becomes a lane
 */
#ifndef NET_WIRE_CARRY_H
#define NET_WIRE_CARRY_H

#include "net/address.h"
#include "net/lane.h"
#include "net/site.h"

struct tls;

/* The lanes of sockets: of a site, or, NULL, of a client. */
void carry_class_init(struct lane_class *k, const struct talk *const *talks, struct net *n,
                      struct site *site);

/* A connection that was accepted, on its way to the loop that takes it. */
struct arrival {
    int fd;
    struct address address; /* of its peer */
    struct tls *tls;        /* NULL: plain */
    bool trusted;           /* its peer is a proxy of ours */
};

/* A lane on an accepted socket, and who sits on it first: he is told when it is ready. Takes what a has. The site,
 * which counts the carrier already, is told when it is gone (carrier_gone), also when there is no memory or no room
 * in epoll. */
void carry_accept(const struct lane_class *k, struct arrival *a, enum lane_talk first);

/* The same, to be told only why it cannot stay: text goes out, and it ends. */
void carry_away(const struct lane_class *k, struct arrival *a, struct outq *text);

/* A lane on a socket that is being connected, and who sits on it first. limits say how it ends. NULL: no memory or
 * no room in epoll; fd is closed. */
struct lane *carry_connect(const struct lane_class *k, int fd, const weft_limits *limits,
                           enum lane_talk first, void *talker);

/* TLS from here on; who sits there is told when it is ready. Takes tls. 0 or -ENOMEM. */
int carry_secure(struct lane *l, struct tls *tls);

#endif
