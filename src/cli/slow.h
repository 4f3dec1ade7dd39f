/* SPDX-License-Identifier: MIT
 *
 * cli/slow.h - the demo's slow client: what a policy does to who reads slowly, seen from his side
 *
 *      WebSocket /slow/POLICY?rate=N[&since=P]    reads /quotes/POLICY, N messages a second (0.1 to 20)
 *
 *      server    {"channel":..., "position":..., "head":..., "policy":..., "lost":n?}    first: behind which he begins
 *                {"channel":..., "position":..., "time":..., "skipped":n?, "data":...}   a message that is through
 *                {"channel":..., "position":..., "lost":n}
 *                {"held":n, "behind":n}    five times a second: on the line (slow_line.h); published, and not on it yet
 *      client    the rate from now on, a number
 *
 * Whoever is too slow for the policy to disconnect is closed as any subscriber would be: 1008, and what is on the line
 * does not arrive. Everything belongs to the connection.
 */
#ifndef CLI_SLOW_H
#define CLI_SLOW_H

#include "cli/service.h"

struct slow {
    struct traced traced; /* its place: the path */
    const struct service *service;
};

int slow_add(struct slow *s, const struct service *service);

/* 0.1 to 20. false: it is no such number. */
bool slow_rate(weft_bytes text, double *rate);

#endif
