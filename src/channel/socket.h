/* SPDX-License-Identifier: MIT
 *
 * channel/socket.h - WebSockets on a channel: raw, or with envelopes (channel/session.h)
 *
 *      raw: a message in is published, a message out is what was published, nothing around it. So who counts what he
 *      has received knows where he is, and what breaks the count closes the connection: 1013 "lost since=P"
 */
#ifndef CHANNEL_SOCKET_H
#define CHANNEL_SOCKET_H

#include "channel/opening.h"
#include "channel/visit.h"

/* What was agreed on: envelopes, not raw. */
bool socket_speaks_v1(const char *subprotocol);

/* The route of upgrades. Errors: as weft_server_route. */
int socket_route(weft_channels *c, weft_server *s, const char *path,
                 int (*on_upgrade)(weft_upgrade *u));

/* Consumes v. */
void socket_accept(visit *v);

#endif
