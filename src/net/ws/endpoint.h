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
#include "net/ws/conn_class.h"

/* An endpoint in front of list, and how to open it: for a route. The handler is copied.
 * Errors: -EINVAL (a size), -ENOMEM. */
int endpoint_new(struct opener *out, struct endpoint **list, struct net *n,
                 const weft_limits *limits, const struct handler_given *given);
void endpoints_free(struct endpoint **list, const weft_env *env);

#endif
