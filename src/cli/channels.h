/* SPDX-License-Identifier: MIT
 *
 * cli/channels.h - the channels of `weft serve` and `weft demo`: as their flags say, and told of with -v
 *
 *      --channel 'PATTERN: SETTINGS'   how channels behave (channel_flag.h)
 *      --only-channels                 there are only those that --channel names
 *      --access and others             who may what with them (guard.h)
 *
 * What --channel said stands in an order of things, which SIGHUP replaces by another: channels that are made from then
 * on are as that says. The hub reads it in any thread, and remembers settings by their address, so what was in force
 * stays where it is until the end.
 */
#ifndef CLI_CHANNELS_H
#define CLI_CHANNELS_H

#include <weft/channel.h>

#include "cli/channel_flag.h"
#include "cli/flags.h"
#include "cli/guard.h"
#include "cli/metrics.h"
#include "cli/publish_rate.h"
#include "cli/trace.h"

enum { CHANNELS_OWN = 8 /* that a command brings along */ };

struct channels_options {
    struct flag_list channels;
    struct guard_options guard;
    struct flag_list publish_rates;
    bool only;
    const char
        *own[CHANNELS_OWN + 1];  /* as --channel, behind those that were given; NULL ends them */
    struct flag_list traced;     /* user=NAME, channel=/NAME: told of without -v */
    uint64_t max_message;        /* 0: the room's */
    const weft_deflate *deflate; /* as weft_handler has it */
    struct flag_list *subprotocols;
    bool any_origin;
    const char *base_path; /* as it was said; NULL: none */

    /* What else is at a path: weft_channels_config.on_look. */
    bool (*on_look)(weft_request *r, bool page, void *user);
    void *user; /* on_look's */
};

/* What --channel said, all of it. */
struct channels_order {
    struct channels_order *before; /* what was in force until this was; NULL: nothing */
    size_t n;
    struct channel_flag flags[FLAG_LIST_MAX + CHANNELS_OWN];
};

/* One who has to leave: all that he has open, by whatever grant. */
struct channels_kick {
    struct channels_kick *next;
    const char *user;
    atomic_uint n; /* connections that were told so */
};

struct channels {
    const struct channels_options *options;
    const struct trace *trace;
    struct metrics *metrics;
    struct trace closer; /* of what is traced without -v */
    weft_channels *them;
    struct channel_flag usual; /* what --channel does not name */
    struct channels_order *_Atomic order;
    struct guard guard;
    pthread_mutex_t kicks_lock;
    struct channels_kick *kicks;
};

/* All are kept. 0, or an exit code after having complained. c must be closed either way, behind the server. */
int channels_open(struct channels *c, weft_loop *l, const struct channels_options *o,
                  const struct trace *t, struct metrics *m);
void channels_close(struct channels *c);

/* Ask each loop for those of k's user: kicked once all loops have come to what is posted now. k is kept until then,
 * when it is given back. */
void channels_kick(struct channels *c, struct channels_kick *k);
void channels_unkick(struct channels *c, struct channels_kick *k);

/* Keys are read again, and who was let in by one that is gone leaves. false: they stay as they were. */
bool channels_reload_keys(struct channels *c);

/* What these say of channels, which has been checked; NULL: no memory. channels_adopt puts it in force, for channels
 * that are made from then on, and takes it over. Who does not adopt it frees it. */
struct channels_order *channels_order_of(const struct channels_options *o);
void channels_adopt(struct channels *c, struct channels_order *order);

/* Of --trace: a flag's check. */
bool channels_check_traced(const char *text, char why[FLAG_WHY]);

/* Of --channel: a flag's check. */
bool channels_check(const char *text, char why[FLAG_WHY]);

/* Whether these options go together; why not. */
bool channels_fit(const struct channels_options *o, char why[FLAG_WHY]);

#endif
