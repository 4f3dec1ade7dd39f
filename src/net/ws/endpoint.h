/* SPDX-License-Identifier: MIT
 *
 * net/ws/endpoint.h - where the WebSockets of a server's route come from
 *
 * Kept as long as the server, because a route may be replaced while connections of it live.
 */
#ifndef NET_WS_ENDPOINT_H
#define NET_WS_ENDPOINT_H

#include "net/net.h"
#include "net/route.h"

/* An endpoint in front of list, and how to open it: for a route. The handler is copied; the sizes are its, and its
 * deflate's. Errors: -EINVAL (a size), -ENOMEM. */
int endpoint_new(struct opener *out, struct endpoint **list, struct net *n,
                 const weft_limits *limits, const weft_handler *h, size_t h_size,
                 size_t deflate_size);
void endpoints_free(struct endpoint **list, const weft_env *env);

#endif
