/* SPDX-License-Identifier: MIT
 *
 * cli/subscriber.h - weft sub: channels, by whichever transport, on stdout
 *
 *      server -> a via: via_ws.c, via_stream.c, via_sse.c, via_poll.c -> source -> output -> stdout
 *                                                                          |
 *                                                                  positions: where to go on
 *
 * A source is one URL: it has a connection or is about to have one, and knows a position for each channel. Whatever
 * transport there is turns what comes into envelopes (docs/channels.md, 4); from there on they are all the same. Much
 * queued for stdout pauses the sources, and the server's policy says what becomes of who reads slowly.
 */
#ifndef CLI_SUBSCRIBER_H
#define CLI_SUBSCRIBER_H

#include "cli/again.h"
#include "cli/channel_url.h"
#include "cli/http.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/sse_reader.h"
#include "cli/v1.h"

struct source;

/* A transport. */
struct via {
    const char *name;
    int (*begin)(struct source *s); /* 0, or an exit code after having complained */
    void (*pause)(struct source *s, bool paused);
    void (*leave)(struct source *s); /* source_gone may follow */
};

extern const struct via via_ws, via_sse, via_stream, via_longpoll, via_poll;

struct sub_options {
    struct connect_options access;
    const struct via *via;
    const char *since; /* a position; NULL: not said */
    const char *last;  /* a number, "all"; NULL: not said */
    bool binary, json, strict;
    bool presence;  /* who comes and goes is told, too */
    uint64_t count; /* stop after so many messages; 0: never */
    uint64_t wait;  /* ms without a message; 0: for ever */
    uint64_t every; /* ms between polls */
};

struct source {
    struct subscriber *subscriber;
    struct channel_url url;
    struct connect_options access; /* with a URL in it */
    struct again again;
    json_t *positions; /* channel -> position */
    bool began;        /* what its URL says was subscribed to once */
    bool over;

    struct v1 v1; /* via_ws.c */
    char ws_url[CHANNEL_URL_MAX];
    unsigned unanswered; /* subscriptions */

    struct http http; /* the others */
    struct lines lines;
    struct sse_reader sse;
    weft_timer *next; /* via_poll.c, as the next three */
    bool looks;       /* what is asked is who is there */
    uint64_t looked_us;
    json_t *present; /* what was told of that; NULL: nothing */
    uint64_t retry_ms;
    bool ended_well; /* the server has said that this is an end */
};

struct subscriber {
    const struct sub_options *o;
    weft_loop *loop;
    struct trace trace;
    struct journal journal;
    struct signals signals;
    struct output output;
    weft_timer *patience;
    struct source *sources;
    size_t n_sources, n_over;
    uint64_t received;
    bool watched; /* stdout is a terminal */
    bool paused, leaving, quiet;
    int status;
};

/* urls: n of them. */
int subscriber_run(const struct sub_options *o, char **urls, size_t n);

/* ---- for transports -------------------------------------------------------------------------- */

/* Of a source that is no pattern, where it is: "since=k3f9a2c1.42"; or what --since and --last say; or "". */
void source_query(const struct source *s, char *out, size_t size);
const char *source_position(const struct source *s); /* NULL: not known yet */

/* What an answer that begins says: {"channel":C,"position":P,"lost":n}. */
void source_begins(struct source *s, const json_t *said);

/* An envelope: a message, a loss, presence, or what else there may be. */
void source_take(struct source *s, const json_t *envelope);

/* The connection is gone, for which report has the words, and returns the exit code. retry_ms: as the server has
 * said. */
void source_gone(struct source *s, const weft_close_info *info, bool opened, uint64_t retry_ms,
                 int (*report)(struct source *s, const weft_close_info *info));

/* It cannot go on, and words have been said. */
void source_fails(struct source *s, int status);

#endif
