/* SPDX-License-Identifier: MIT
 *
 * net/web/proxied.h - what shows in a request that a proxy in front has not been told all that it has to know
 *
 * For the log, where whoever runs the server can do something about it: his client has not made these mistakes.
 */
#ifndef NET_WEB_PROXIED_H
#define NET_WEB_PROXIED_H

#include "http/head.h"
#include "net/lane.h"

/* A WebSocket's handshake of which Upgrade was left out on the way: no page, and no program, asks so. */
bool proxied_without_upgrade(const struct head *h);

/* Whether somebody has passed this on: he says so, or it is HTTP/1.0, as nginx speaks it. */
bool proxied_is(const struct head *h);

/* Logs that X-Forwarded-For is there, and not believed of this lane's peer. */
void proxied_log_unbelieved(const struct lane *l, const struct head *h);

/* Logs that an answer without end is asked for by HTTP/1.0. */
void proxied_log_http10(const struct lane *l);

#endif
