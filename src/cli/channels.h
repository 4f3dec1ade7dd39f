/* SPDX-License-Identifier: MIT
 *
 * cli/channels.h - the channels of `weft serve` and `weft demo`: as their flags say, and told of with -v
 *
 *      --channel 'PATTERN: SETTINGS'   how channels behave (channel_flag.h)
 *      --only-channels                 there are only those that --channel names
 *      --grant RIGHT                   what everybody may: drop, pattern. On loopback addresses, and without
 *                                  --trust-proxy, they may
 */
#ifndef CLI_CHANNELS_H
#define CLI_CHANNELS_H

#include <weft/channel.h>

#include "cli/channel_flag.h"
#include "cli/flags.h"
#include "cli/trace.h"

enum { CHANNELS_OWN = 8 /* that a command brings along */ };

struct channels_options {
    struct flag_list channels, grants;
    bool only;
    const char
        *own[CHANNELS_OWN + 1];  /* as --channel, behind those that were given; NULL ends them */
    uint64_t max_message;        /* 0: the room's */
    const weft_deflate *deflate; /* as weft_handler has it */
    struct flag_list *subprotocols;
    bool any_origin, on_loopback;

    /* What else is at a path: weft_channels_config.on_look. */
    bool (*on_look)(weft_request *r, bool page, void *user);
    void *user; /* on_look's */
};

struct channels {
    const struct channels_options *options;
    const struct trace *trace;
    weft_channels *them;
    struct channel_flag usual; /* what --channel does not name */
    struct channel_flag flags[FLAG_LIST_MAX + CHANNELS_OWN];
    size_t n;
    unsigned rights;
};

/* Both are kept. 0, or an exit code after having complained. c must be closed either way, behind the server. */
int channels_open(struct channels *c, weft_loop *l, const struct channels_options *o,
                  const struct trace *t);
void channels_close(struct channels *c);

#endif
