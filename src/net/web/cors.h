/* SPDX-License-Identifier: MIT
 *
 * net/web/cors.h - pages of other origins may read the answers of a route (WHATWG Fetch, 3.2: the CORS protocol)
 *
 *      head --> cors_begin --> fields that every answer has, refusals included
 *           --> is it a preflight? --> cors_preflight: what it is answered
 *
 * Which origins those are is the server's rule, the one for upgrades. What is said to a page of another one is nothing:
 * its browser keeps the answer from it.
 */
#ifndef NET_WEB_CORS_H
#define NET_WEB_CORS_H

#include "net/web/asker.h"

struct field_list;

/* The head of a request of such a route is there: what every answer to it says, and whether it varies with Origin.
 * Errors: -ENOMEM. */
int cors_begin(struct field_list *to, bool *varies, const struct asker *a, const struct head *h);

/* A browser asks whether a page may send something: OPTIONS, with Access-Control-Request-Method. */
bool cors_is_preflight(const struct head *h);

/* What that is answered, besides: with the route's methods; NULL: whatever is asked for. Errors: -EACCES: pages of this
 * origin may not; -ENOMEM. */
int cors_preflight(struct field_list *to, const struct asker *a, const struct head *h,
                   const char *methods);

#endif
