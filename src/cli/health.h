/* SPDX-License-Identifier: MIT
 *
 * cli/health.h - what load balancers and supervisors ask: /healthz and /readyz
 *
 *      /healthz    200 as long as the program answers at all: who has no answer may end it
 *      /readyz     200; 503 from the moment it is to leave: send nobody here any more
 *
 * Both are answered on the same port as all else, in any thread, and while everything else is refused.
 */
#ifndef CLI_HEALTH_H
#define CLI_HEALTH_H

#include <stdatomic.h>

#include <weft/server.h>

struct health {
    atomic_bool leaving; /* all zero: it is ready */
};

/* h stays where it is, longer than the server. Errors: as weft_server_on_request. */
int health_route(struct health *h, weft_server *s);

/* Ready no more. */
void health_leaves(struct health *h);

#endif
