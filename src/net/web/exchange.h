/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange.h - requests on a lane, one after the other, and what answers them
 *
 *      lane bytes -> h1_feed -> H1_HEAD     an upgrade: checked, routed, the user asked (upgrade.c); of a plain request
 *                                           what its route says of methods and pages is answered, and the user is
 *                                           asked if the body streams (request.c)
 *                            -> H1_PIECE    of a body that streams: to the user (request.c)
 *                            -> H1_REQUEST  a plain request: routed to the user (request.c)
 *                            -> H1_DONE     the last reply is made: the lane finishes
 *
 *      exchange_answer    a whole reply                      the exchange goes on with the next request
 *      exchange_begin     the head of one that streams       the lane becomes the reply's (reply.c), until
 *      exchange_go_on                                        it hands it back
 *      exchange_upgrade   101                                the lane becomes a WebSocket's
 *      exchange_upgrade_in_vain   no memory                  the same, and it is dropped
 *      exchange_leave     nothing for long                   the lane becomes the request's (waiting.c), until
 *      exchange_come_back                                    that is answered
 *
 * What is HTTP/1.1's is behind these: who answers knows of a lane, fields and a framing.
 *
 * There is memory for it only while HTTP is spoken: not before the first byte, and not while a reply streams.
 *
 * Deadlines: the head of a request must be complete handshake_timeout after its first byte (or after the lane was
 * ready: then it closes in silence), its body within http_body_timeout and a second more for each http_body_rate
 * bytes that have come (none runs while the user has paused it), an idle connection closes after http_keepalive,
 * and while a reply is being written the peer has to take something of it within write_stall. An upgrade that is
 * held has to be answered within hold_timeout.
 *
 * Limits: those of the server until a head is there; then, until the next one is, those of its route.
 */
#ifndef NET_WEB_EXCHANGE_H
#define NET_WEB_EXCHANGE_H

#include "net/web/exchange_answer.h"
#include "net/web/exchange_hand.h"
#include "net/web/exchange_refuse.h"

extern const struct talk exchange_talk;

/* More of the body is to come: until when depends on how much has. And: it is not read for a while, by the user's
 * will, so that no deadline runs. */
void exchange_await_body(struct exchange *x);
void exchange_body_rests(struct exchange *x);

/* The reply to the current request has been made. */
void exchange_replied(struct exchange *x);

/* The lane is an exchange's again, after so many requests, the last of them under these limits. */
void exchange_go_on(struct lane *l, uint32_t requests, uint16_t limits);

/* Switch protocols, with these fields in the 101: from now on c sits on the lane, and the exchange is gone. Errors:
 * -EINVAL, -ENOMEM: the exchange is still there, to refuse. */
int exchange_upgrade(struct exchange *x, const weft_field *fields, size_t n, weft_conn *c);

/* That could not be done, but the program counts on c: it sits down all the same, and the lane is dropped, so that c's
 * end is told as any other. */
void exchange_upgrade_in_vain(struct exchange *x, weft_conn *c, int error);

#endif
