/* SPDX-License-Identifier: MIT
 *
 * net/web/cors.h - pages of other origins may read the answers of a route (WHATWG Fetch, 3.2: the CORS protocol)
 *
 *      head --> cors_begin --> x->cors: fields that every answer has, refusals included
 *           --> is it a preflight? --> cors_preflight answers it
 *
 * Which origins those are is the server's rule, the one for upgrades. What is said to a page of another one is nothing:
 * its browser keeps the answer from it.
 */
#ifndef NET_WEB_CORS_H
#define NET_WEB_CORS_H

#include "net/web/exchange.h"

/* The head of a request of such a route is there. Errors: -ENOMEM. */
int cors_begin(struct exchange *x);

/* A browser asks whether a page may send something: OPTIONS, with Access-Control-Request-Method. */
bool cors_is_preflight(const struct head *h);

/* Answers that: with the route's methods; NULL: whatever is asked for. The exchange may be gone afterwards. */
void cors_preflight(struct exchange *x, const char *methods);

#endif
