/* SPDX-License-Identifier: MIT
 *
 * channel/answer.c - objects that are built of the same few members
 */
#include "channel/answer.h"

#include "channel/bytes.h"
#include "channel/envelope.h"
#include "channel/json.h"

const char *answer_policy_name(weft_policy policy)
{
    switch (policy) {
    case WEFT_POLICY_QUEUE: return "queue";
    case WEFT_POLICY_LATEST: return "latest";
    case WEFT_POLICY_LATEST_KEY: return "latest=key";
    case WEFT_POLICY_DROP_OLDEST: return "drop-oldest";
    case WEFT_POLICY_DISCONNECT: return "disconnect";
    }
    return "";
}

/* ---- members --------------------------------------------------------------------------------- */

/* The opening brace, and the id if there is one. */
static void open_with(struct text *to, weft_bytes id)
{
    text_add(to, "{", 1);
    if (!id.len) return;
    text_add_words(to, "\"id\":");
    text_add(to, id.data, id.len);
    text_add(to, ",", 1);
}

static void add_string(struct text *to, const char *name, weft_bytes value)
{
    text_add_words(to, name);
    json_add_string(to, value);
}

static void add_number(struct text *to, const char *name, uint64_t value)
{
    text_add_words(to, name);
    text_add_number(to, value);
}

static void add_position(struct text *to, const char *name, const weft_position *p)
{
    text_add_words(to, name);
    envelope_add_position(to, p);
}

/* {"code":429,"message":"...","retry":1500} */
static void add_error(struct text *to, const struct refusal *why)
{
    add_number(to, "\"error\":{\"code\":", (uint64_t)why->code);
    add_string(to, ",\"message\":", bytes_of_text(why->words));
    if (why->retry_ms) add_number(to, ",\"retry\":", why->retry_ms);
    text_add(to, "}", 1);
}

/* head is said only to who can go on to it. */
static void add_subscribed(struct text *to, const struct subscribed *s, bool head)
{
    bool is_pattern = !s->seek.at.epoch[0];
    add_string(to, "\"channel\":", s->channel);
    if (is_pattern) return;
    add_position(to, ",\"position\":", &s->seek.at);
    if (head) add_position(to, ",\"head\":", &s->seek.head);
    add_string(to, ",\"policy\":", bytes_of_text(answer_policy_name(s->policy)));
    if (!s->seek.lost) return;
    text_add(to, ",", 1);
    envelope_add_lost(to, s->seek.lost);
}

/* ---- weft.v1 --------------------------------------------------------------------------------- */

void answer_hello(struct text *to, const char *client, weft_bytes channel, uint64_t max_message,
                  uint64_t ping_ms, uint64_t left_ms, const struct subscribed *s)
{
    add_string(to, "{\"hello\":{\"client\":", bytes_of_text(client));
    add_number(to, ",\"max_message\":", max_message);
    if (ping_ms != WEFT_NEVER) add_number(to, ",\"ping\":", ping_ms);
    if (left_ms != WEFT_NEVER) add_number(to, ",\"expires_in\":", left_ms);
    text_add_words(to, "},");
    if (s) add_subscribed(to, s, false);
    else add_string(to, "\"channel\":", channel);
    text_add(to, "}", 1);
}

void answer_begin(struct text *to, const struct subscribed *s)
{
    text_add(to, "{", 1);
    add_subscribed(to, s, true);
    text_add(to, "}", 1);
}

void answer_subscribed(struct text *to, weft_bytes id, const struct subscribed *s)
{
    open_with(to, id);
    text_add_words(to, "\"ok\":");
    answer_begin(to, s);
    text_add(to, "}", 1);
}

void answer_renewed(struct text *to, weft_bytes id, uint64_t left_ms)
{
    open_with(to, id);
    text_add_words(to, "\"ok\":{");
    if (left_ms != WEFT_NEVER) add_number(to, "\"expires_in\":", left_ms);
    text_add_words(to, "}}");
}

void answer_done(struct text *to, weft_bytes id)
{
    open_with(to, id);
    text_add_words(to, "\"ok\":{}}");
}

void answer_published(struct text *to, weft_bytes id, const weft_position *at)
{
    open_with(to, id);
    add_position(to, "\"ok\":{\"position\":", at);
    text_add_words(to, "}}");
}

void answer_presence(struct text *to, weft_bytes id, weft_bytes channel, weft_bytes presence)
{
    open_with(to, id);
    text_add_words(to, "\"ok\":");
    envelope_presence(to, channel, presence);
    text_add(to, "}", 1);
}

void answer_error(struct text *to, weft_bytes id, const struct refusal *why)
{
    open_with(to, id);
    add_error(to, why);
    text_add(to, "}", 1);
}

void answer_not_joined(struct text *to, weft_bytes pattern, const struct refusal *why)
{
    add_string(to, "{\"channel\":", pattern);
    text_add(to, ",", 1);
    add_error(to, why);
    text_add(to, "}", 1);
}

void answer_expires(struct text *to, uint64_t left_ms)
{
    add_number(to, "{\"expires_in\":", left_ms);
    text_add(to, "}", 1);
}

void answer_close(struct text *to, uint64_t retry_ms)
{
    add_number(to, "{\"close\":{\"retry\":", retry_ms);
    text_add_words(to, "}}");
}

void answer_pong(struct text *to, weft_bytes ping)
{
    text_add_words(to, "{\"pong\":");
    text_add(to, ping.data, ping.len);
    text_add(to, "}", 1);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

void answer_position(struct text *to, const weft_position *at)
{
    add_position(to, "{\"position\":", at);
    text_add(to, "}", 1);
}

void answer_error_body(struct text *to, const struct refusal *why)
{
    answer_error(to, (weft_bytes){0}, why);
}
