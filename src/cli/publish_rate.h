/* SPDX-License-Identifier: MIT
 *
 * cli/publish_rate.h - what may be published a second, as --publish-rate says it
 *
 *      --publish-rate 'address: 50, 1M'     messages, and bytes; either may be 0, which is no limit
 *      --publish-rate 'connection: 20'
 *      --publish-rate 'user: 100'
 */
#ifndef CLI_PUBLISH_RATE_H
#define CLI_PUBLISH_RATE_H

#include <weft/channel.h>

#include "cli/flags.h"

enum { PUBLISH_ADDRESS, PUBLISH_CONNECTION, PUBLISH_USER, PUBLISH_WHO };

struct publish_rates {
    weft_channel_rate of[PUBLISH_WHO];
};

/* A flag's check. */
bool publish_rate_check(const char *text, char why[FLAG_WHY]);

/* Of what was checked; what is said last of somebody counts. */
void publish_rates_of(struct publish_rates *out, const struct flag_list *list);

/* Whether some are counted by their address. */
bool publish_rates_have_addresses(const struct flag_list *list);

#endif
