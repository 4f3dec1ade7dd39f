/* SPDX-License-Identifier: MIT
 *
 * channel/answer.h - what a server says of itself, as JSON: in weft.v1, and in the bodies of HTTP
 *
 *      {"hello":{"client":"c81","max_message":65536,"ping":25000},"channel":"/chat","position":P,"policy":"queue"}
 *      {"id":1,"ok":{"channel":"/chat","position":P,"head":P,"policy":"queue","lost":7}}
 *      {"channel":"/chat","position":P,"head":P,"policy":"queue","lost":7}
 *      {"id":1,"ok":{"channel":PATTERN}}       {"channel":PATTERN,"error":{...}}
 *      {"id":2,"ok":{}}
 *      {"id":3,"ok":{"position":P}}            {"position":P}
 *      {"id":4,"ok":{"channel":"/chat","presence":{"count":3,"members":[...]}}}
 *      {"id":3,"error":{...}}                  {"error":{"code":429,"message":"...","retry":1500}}
 *      {"id":5,"ok":{"expires_in":3600000}}    of a token
 *      {"expires_in":30000}
 *      {"close":{"retry":4000}}
 *      {"pong":1}
 *
 * Each function adds one object, without an end of line. id is as it came, and empty where there was none: then the
 * object has none either.
 */
#ifndef CHANNEL_ANSWER_H
#define CHANNEL_ANSWER_H

#include <weft/topic.h>

#include "channel/refusal.h"
#include "channel/text.h"

/* What somebody has who has subscribed. */
struct subscribed {
    weft_bytes channel; /* or pattern */
    weft_seek seek;     /* of a pattern: all zero, and then nothing is said but what it is called */
    weft_policy policy;
};

/* The first of a connection. ping_ms: after how much silence he is pinged, left_ms: how long what he was granted holds;
 * WEFT_NEVER: he is not, it does for good. channel: its URL's; s: what that has subscribed it to; NULL: nothing
 * (subscribe=no). */
void answer_hello(struct text *to, const char *client, weft_bytes channel, uint64_t max_message,
                  uint64_t ping_ms, uint64_t left_ms, const struct subscribed *s);

/* The first line of a stream, and what is said of a channel that a pattern joins: as the ok of answer_subscribed. */
void answer_begin(struct text *to, const struct subscribed *s);

void answer_subscribed(struct text *to, weft_bytes id, const struct subscribed *s);
/* What it says of a token: how long it holds, in ms; WEFT_NEVER: for good, and nothing is said of it. */
void answer_renewed(struct text *to, weft_bytes id, uint64_t left_ms);
void answer_done(struct text *to, weft_bytes id);
void answer_published(struct text *to, weft_bytes id, const weft_position *at);
void answer_presence(struct text *to, weft_bytes id, weft_bytes channel, weft_bytes presence);
void answer_error(struct text *to, weft_bytes id, const struct refusal *why);
/* Not all that the pattern means is joined. */
void answer_not_joined(struct text *to, weft_bytes pattern, const struct refusal *why);
void answer_expires(struct text *to, uint64_t left_ms);
void answer_close(struct text *to, uint64_t retry_ms);
void answer_pong(struct text *to, weft_bytes ping);

/* The bodies. */
void answer_position(struct text *to, const weft_position *at);
void answer_error_body(struct text *to, const struct refusal *why);

/* "latest=key", as the program's flag has it. */
const char *answer_policy_name(weft_policy policy);

#endif
