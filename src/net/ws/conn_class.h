/* SPDX-License-Identifier: MIT
 *
 * net/ws/conn_class.h - what WebSockets with one handler on one loop have in common
 *
 *      weft_conn -> session -> cfg: the profile in a conn_class, which lies in a server's endpoint or in a client
 *
 * It owns what the user's handler said: that is copied, with what it points to.
 */
#ifndef NET_CONN_CLASS_H
#define NET_CONN_CLASS_H

#include "ws/profile.h"
#include <weft/conn.h>

struct net;

struct conn_class {
    struct profile profile; /* of the sessions, which are found by it */
    struct net *net;
    uint64_t calm_bytes, calm_items; /* up to here nothing has to be done about what is queued */
    weft_handler handler;
    weft_limits limits;
    weft_deflate deflate;
};

/* As a user gave it: with its size, and those of what it points to. */
struct handler_given {
    const weft_handler *handler; /* may be NULL */
    size_t size, limits_size, deflate_size;
};

/* limits, those that the handler's own stand before, may be NULL. Errors: -EINVAL (a size), -ENOMEM: then there is
 * nothing to deinit. */
int conn_class_init(struct conn_class *k, struct net *n, const weft_limits *limits,
                    const struct handler_given *given);

/* A client's, which may offer something else than its handler says; NULL: that. Copied. 0 or -ENOMEM. */
int conn_class_offer(struct conn_class *k, const char *const *subprotocols,
                     const weft_deflate *deflate);
void conn_class_deinit(struct conn_class *k);

#endif
