/* SPDX-License-Identifier: MIT
 *
 * cli/channel_flag.h - how channels behave, as --channel says it
 *
 *      --channel '/quotes/ *: latest=key, history=100/1h, max-rate=10'
 *
 *      /quotes/ACME        one channel                  queue  latest  latest=key  drop-oldest  disconnect
 *      /quotes/ *          each one level below         history=N[/TIME[/BYTES]]  history=none
 *      /quotes/ **         all below, at any depth      window=[N/]BYTES
 *                                                       pace=BYTES  pace=none          a second
 *      (stars stand apart here only: behind a           max-rate=N                     a second
 *      slash they would be C's)                         presence=on  presence=off
 *
 * The flag may be given many times, and the first pattern that a channel's name matches is the one that counts. What it
 * does not say is as for channels that are not named at all. Settings hold no colon, so the last one in the text ends
 * the pattern.
 */
#ifndef CLI_CHANNEL_FLAG_H
#define CLI_CHANNEL_FLAG_H

#include <weft/hub.h>

#include "access/pattern.h"

enum { CHANNEL_FLAG_WHY = 200 };

struct channel_flag {
    char prefix[CHANNEL_PATTERN_MAX + 1]; /* as a pattern has it */
    size_t prefix_len;
    enum channel_reach reach;
    weft_topic_settings settings;
    bool presence;
};

/* usual: what it does not say. false, and why is an error in words. */
bool channel_flag_parse(struct channel_flag *out, const char *text,
                        const struct channel_flag *usual, char why[CHANNEL_FLAG_WHY]);

bool channel_flag_matches(const struct channel_flag *f, const char *name);

/* The first that matches; NULL: none. */
const struct channel_flag *channel_flag_find(const struct channel_flag *flags, size_t n,
                                             const char *name);

#endif
