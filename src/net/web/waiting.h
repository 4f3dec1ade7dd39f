/* SPDX-License-Identifier: MIT
 *
 * net/web/waiting.h - a request whose answer takes long sits on its lane by itself
 *
 *      weft_request_forget -> the exchange and what was asked are gone -> waiting_ends: an exchange, to be answered
 *                                                                     -> lost: nobody waits for the answer any more
 *
 * What has to be known of HTTP to answer it is in its struct forgotten; the next request waits in the carrier.
 */
#ifndef NET_WEB_WAITING_H
#define NET_WEB_WAITING_H

#include "net/web/request.h"

extern const struct talk waiting_talk;

/* It has its exchange again, if somebody still waits and there is memory. */
void waiting_ends(weft_request *r);

static inline void request_wake(weft_request *r)
{
    if (r->forgot && r->waiting.lane) waiting_ends(r);
}

/* As weft_request_peer. */
weft_peer *waiting_peer(weft_request *r);

#endif
