/* SPDX-License-Identifier: MIT
 *
 * cli/publisher.h - weft pub: what is read is published, and each of it is known to be
 *
 *      MESSAGE, stdin -> publisher_input.c -> pending -> an outlet: publisher_ws.c, publisher_post.c -> server
 *                                                |                                              |
 *                                        taken off by <---- publisher_confirmed <---------------+
 *
 * Every message has a key of its own to be published once by, so what is not confirmed when a connection is lost is
 * sent again on the next, and nothing is doubled. A server that has another epoch by then has forgotten the keys: so
 * that is where it ends, with what is not confirmed named.
 */
#ifndef CLI_PUBLISHER_H
#define CLI_PUBLISHER_H

#include "cli/again.h"
#include "cli/channel_url.h"
#include "cli/http.h"
#include "cli/lines.h"
#include "cli/pending.h"
#include "cli/ready.h"
#include "cli/signals.h"
#include "cli/v1.h"

struct pub_options {
    struct connect_options access;
    const char *message; /* NULL: stdin */
    const char *key;     /* NULL: none */
    bool whole, json;    /* all of stdin is one binary message; lines are envelopes */
    uint64_t count;      /* of lines; 0: all */
    uint64_t wait;       /* ms without anything being confirmed; 0: for ever */
};

enum { ONCE_PREFIX = 16, EPOCH_ROOM = 24 };

struct publisher;

/* Each of these is called when the one before it is done. */
struct outlet {
    int (*begin)(struct publisher *p); /* connect. 0, or an exit code after having complained */
    void (*send)(struct publisher *p); /* what is not sent, as much as may be */
    void (*leave)(struct publisher *p);
    void (*drop)(struct publisher *p); /* at once; nothing is told any more */
};

struct publisher {
    const struct pub_options *o;
    struct channel_url *url;
    const struct outlet *outlet;
    weft_loop *loop;
    struct trace trace;
    struct journal journal;
    struct signals signals;
    weft_timer *patience;
    struct again again;

    struct ready stdin_ready;
    struct lines lines;
    struct buffer whole; /* -b: what was read */
    bool ended;          /* it is at its end */
    size_t in_doubt;     /* of what is pending, so many were sent on a connection before this one */

    struct pending pending;
    char once[ONCE_PREFIX + 1]; /* what keys begin with */
    char epoch[EPOCH_ROOM];     /* of the channel; "": not known yet */
    uint64_t max_message;       /* that the server takes; 0: not known */
    bool ready;                 /* the outlet may send */
    bool done;                  /* nothing more is read */
    bool leaving;
    int status;

    struct connect_options access; /* o's, with a URL in it */
    uint64_t retry_ms;             /* what the server has said of the last try; 0: nothing */

    struct v1 v1; /* publisher_ws.c */
    char ws_url[CHANNEL_URL_MAX];
    char *channel_json;

    struct http http; /* publisher_post.c */
    size_t in_flight; /* messages of the batch that is under way, or is to be sent again */
    char position[64];
};

extern const struct outlet publisher_by_ws, publisher_by_post;

int publisher_run(const struct pub_options *o, struct channel_url *url);

/* ---- for publisher_input.c ------------------------------------------------------------------- */

/* Errors: -errno. */
int publisher_input_init(struct publisher *p);
void publisher_input_deinit(struct publisher *p);

/* What was read becomes pending as far as there is room; more is read if there is more room. Nothing while the outlet
 * is not ready. */
void publisher_input_pump(struct publisher *p);

/* Stop reading; what was read is still published. status: what for, 0 at the end. */
void publisher_input_done(struct publisher *p, int status);

/* There is more input, or more room, or an end. */
void publisher_go_on(struct publisher *p);

/* ---- for outlets ----------------------------------------------------------------------------- */

/* It is connected, and the epoch is known as far as it can be. */
void publisher_is_ready(struct publisher *p);

/* The channel is at this position. false: another epoch, and something that was sent is not confirmed, so that it is
 * over. */
bool publisher_is_at(struct publisher *p, const char *position);

/* The n oldest are published; the last of them is at this position. */
void publisher_confirmed(struct publisher *p, size_t n, const char *position);

/* The n oldest were not, and will not be. Words have been said. */
void publisher_refused(struct publisher *p, size_t n);

/* It cannot go on, and words have been said. */
void publisher_give_up(struct publisher *p, int status);

/* The connection is gone. report says how, in words, and returns the exit code. */
void publisher_gone(struct publisher *p, const weft_close_info *info, bool opened,
                    uint64_t retry_ms,
                    int (*report)(struct publisher *p, const weft_close_info *i));

#endif
