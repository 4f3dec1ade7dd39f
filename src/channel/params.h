/* SPDX-License-Identifier: MIT
 *
 * channel/params.h - what a channel's URL says behind its '?'
 *
 *      stream  stream=raw  stream=sse      an answer that goes on
 *      wait=25                             seconds to wait for something new, 0 to 60
 *      since=k3f9a2c1.42                   after this position
 *      last=10  last=all                   the newest of what is kept
 *      client=ann                          who it is, as he says himself: 1 to 64 characters
 *      presence  presence=events           who is there, once; and who comes and goes
 *      subscribe=no                        a WebSocket that only publishes
 *
 * What is not of these is ignored: tokens, and what is there so that no cache has it. Of these each is said once, and
 * in order, or the request is refused: who mistypes a position must not get all from the beginning instead.
 */
#ifndef CHANNEL_PARAMS_H
#define CHANNEL_PARAMS_H

#include <weft/topic.h>

#include "channel/refusal.h"

enum { WAIT_MAX_S = 60, CLIENT_CHARACTERS_MAX = 64, CLIENT_MAX = 4 * CLIENT_CHARACTERS_MAX };

/* Which were said. */
enum param {
    PARAM_STREAM = 1 << 0,
    PARAM_WAIT = 1 << 1,
    PARAM_SINCE = 1 << 2,
    PARAM_LAST = 1 << 3,
    PARAM_CLIENT = 1 << 4,
    PARAM_PRESENCE = 1 << 5,
    PARAM_SUBSCRIBE = 1 << 6,
};

enum stream_form { STREAM_ENVELOPES, STREAM_RAW, STREAM_SSE };

struct params {
    unsigned said; /* of enum param; what was not said is zero below */
    enum stream_form stream;
    unsigned wait_s;
    weft_position since; /* without an epoch: one that could not be read */
    uint64_t last;       /* WEFT_NEVER: all */
    char client[CLIENT_MAX + 1];
    bool presence_events;
    bool subscribe_no;
};

/* 0; or -1, and why (400). */
int params_read(struct params *out, weft_bytes query, struct refusal *why);

/* Last-Event-ID, which EventSource sends when it connects again, with the URL that it began with: it takes the place of
 * since. One that is no position counts as of another epoch. Empty: it was not sent. */
void params_resume(struct params *p, weft_bytes last_event_id);

/* One bit of said, by name: "since". */
const char *param_name(enum param one);

/* A client's name: 1 to 64 characters of UTF-8, no control characters. */
bool client_name_valid(weft_bytes name);

/* As the hub asks. *since points into p. */
void params_since(const struct params *p, weft_since *since);

/* A decimal below 2^53, at least 1, or "all" (WEFT_NEVER): what last may be. */
bool last_parse(weft_bytes text, uint64_t *out);

#endif
