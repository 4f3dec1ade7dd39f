/* SPDX-License-Identifier: MIT
 *
 * cli/stadium.h - where the demo's races are held: their control, their publisher, and who counts for them
 *
 *      POST /races/ID?rate=N    a race is there, with N updates a second
 *      GET /races/ID            what its lanes have cost so far, as JSON; 404: it is over
 *
 * The lanes themselves are the channel /race/ID/quotes (race.h), read as any other.
 */
#ifndef CLI_STADIUM_H
#define CLI_STADIUM_H

#include <weft/hub.h>
#include <weft/server.h>

#include "cli/market.h"
#include "cli/race.h"

/* How their channels behave, as --channel would say it: who polls seldom misses nothing. */
#define STADIUM_CHANNELS "/race/**: history=400/1m, presence=off"

struct stadium {
    const struct market *market; /* what is published */
    weft_hub *hub;
    weft_timer *timer;
    struct races races;
};

/* Before the server is made. */
void stadium_init(struct stadium *s);

/* For weft_server_config.on_traffic. */
void stadium_count(struct stadium *s, const weft_access *a, uint64_t received, uint64_t sent);

/* Errors: -errno. stadium_deinit is fine after a failure, and behind stadium_init; in front of service_close. */
int stadium_open(struct stadium *s, weft_server *server, weft_loop *l, weft_hub *hub,
                 const struct market *market);
void stadium_deinit(struct stadium *s);

#endif
