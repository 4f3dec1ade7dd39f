/* SPDX-License-Identifier: MIT
 *
 * cli/source.c - one URL: where it is, what comes, and whether to connect again
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aux.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/present.h"
#include "cli/source.h"

/* ---- positions ------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

const char *source_position(const struct source *s)
{
    return json_string_value(json_object_get(s->positions, s->url.name));
}

void source_query(const struct source *s, char *out, size_t size)
{
    const struct sub_options *o = s->subscriber->o;
    const char *at = source_position(s);
    const char *since = at ? at : o->since, *last = at ? NULL : o->last;
    snprintf(out, size, "%s%s%s%s%s", since ? "since=" : "", since ? since : "",
             since && last ? "&" : "", last ? "last=" : "", last ? last : "");
}

static void is_at(struct source *s, const char *channel, const json_t *said)
{
    json_t *position = json_object_get(said, "position");
    if (json_is_string(position) && s->positions)
        json_object_set_nocheck(s->positions, channel, position);
}

/* ---- losses ---------------------------------------------------------------------------------- */

/* lost: a number, or null. */
static void take_loss(struct source *s, const char *channel, const json_t *lost, const char *at)
{
    json_int_t n = json_integer_value(lost);
    if (json_is_integer(lost))
        complain("%s: %lld message%s lost, up to %s", channel, (long long)n,
                 n == 1 ? " is" : "s are", at);
    else complain("%s: nobody knows how many messages are lost, up to %s", channel, at);
    if (s->subscriber->o->strict) subscriber_ends(s->subscriber, EXIT_MISSED);
}

void source_begins(struct source *s, const json_t *said)
{
    const json_t *lost = json_object_get(said, "lost");
    const char *channel = *text_of(said, "channel") ? text_of(said, "channel") : s->url.name;
    if (!s->url.is_pattern) channel_url_is_called(&s->url, channel);
    again_is_open(&s->again);
    if (!strcmp(channel, s->url.name)) s->began = true;
    is_at(s, channel, said);
    if (lost) take_loss(s, channel, lost, text_of(said, "position"));
}

/* ---- messages -------------------------------------------------------------------------------- */

static void take_text(struct source *s, const json_t *data)
{
    weft_bytes payload = {(const uint8_t *)json_string_value(data), json_string_length(data)};
    subscriber_message(s->subscriber, payload, false);
}

/* What is no base64 is shown as it came. */
static void take_base64(struct source *s, const json_t *base64)
{
    weft_bytes text = {(const uint8_t *)json_string_value(base64), json_string_length(base64)};
    uint8_t *bytes = malloc(text.len + 1);
    ptrdiff_t len = bytes ? weft_base64_decode(text, bytes) : -1;
    if (len >= 0) subscriber_message(s->subscriber, (weft_bytes){bytes, (size_t)len}, true);
    else subscriber_message(s->subscriber, text, false);
    free(bytes);
}

static void take_whole(struct source *s, const json_t *envelope, bool is_message)
{
    char *text = json_dumps(envelope, JSON_COMPACT);
    weft_bytes bytes = {(uint8_t *)text, text ? strlen(text) : 0};
    if (text && is_message) subscriber_message(s->subscriber, bytes, false);
    else if (text) subscriber_aside(s->subscriber, bytes);
    free(text);
}

/* stdout is for messages, unless each line there says what it is. */
static void take_presence(struct source *s, const char *channel, const json_t *envelope)
{
    const struct sub_options *o = s->subscriber->o;
    char *text = present_text(json_object_get(envelope, "presence"));
    if (o->presence && o->json) take_whole(s, envelope, false);
    else if (o->presence && text) complain("%s: %s", channel, text);
    free(text);
}

static json_int_t offset_of(const char *position)
{
    const char *dot = strchr(position, '.');
    return dot ? (json_int_t)strtoull(dot + 1, NULL, 10) : 0;
}

/* A channel that a pattern joins. All that were there when it was subscribed to first are known: so of one that is not,
 * and that we are told of after a cut, we want everything. */
static void take_joined(struct source *s, const char *channel, const json_t *said)
{
    const char *at = text_of(said, "position");
    bool is_late = s->began && !json_object_get(s->positions, channel);
    source_begins(s, said);
    if (!is_late || !offset_of(at) || json_object_get(said, "lost")) return;
    json_t *lost = json_integer(offset_of(at));
    take_loss(s, channel, lost, at);
    json_decref(lost);
}

/* A pattern could not join all that it means. */
static void take_error(struct source *s, const char *channel, const json_t *error)
{
    complain("%s: not all of it is here: %s", channel, text_of(error, "message"));
    if (s->subscriber->o->strict) subscriber_ends(s->subscriber, EXIT_MISSED);
}

void source_take(struct source *s, const json_t *envelope)
{
    const json_t *error = json_object_get(envelope, "error");
    const json_t *lost = json_object_get(envelope, "lost");
    const json_t *data = json_object_get(envelope, "data");
    const json_t *base64 = json_object_get(envelope, "base64");
    const char *channel = text_of(envelope, "channel");
    if (s->over || s->subscriber->leaving) return;
    if (error) take_error(s, channel, error);
    else if (json_object_get(envelope, "policy")) take_joined(s, channel, envelope);
    else if (json_object_get(envelope, "presence")) take_presence(s, channel, envelope);
    if (error || json_object_get(envelope, "policy")) return;
    if (!lost && !json_is_string(data) && !json_is_string(base64)) return;
    again_is_good(&s->again);
    is_at(s, channel, envelope);
    if (lost) take_loss(s, channel, lost, text_of(envelope, "position"));
    else if (s->subscriber->o->json) take_whole(s, envelope, true);
    else if (base64) take_base64(s, base64);
    else take_text(s, data);
}

/* ---- the connection -------------------------------------------------------------------------- */

static void is_over(struct source *s)
{
    if (s->over) return;
    s->over = true;
    subscriber_source_over(s->subscriber);
}

void source_fails(struct source *s, int status)
{
    subscriber_ends(s->subscriber, status);
    is_over(s);
}

void source_gone(struct source *s, const weft_close_info *info, bool opened, uint64_t retry_ms,
                 int (*report)(struct source *s, const weft_close_info *info))
{
    if (s->over) return;
    if (s->subscriber->leaving) {
        is_over(s);
        return;
    }
    if (!again_may_help(&s->again, info, opened)) {
        int status = report(s, info);
        source_fails(s, status ? status : EXIT_LOST);
        return;
    }
    if (!s->ended_well)
        complain("%s: %s; connecting again", s->url.shown,
                 info->cause && *info->cause ? info->cause
                                             : "the server has closed the connection");
    s->ended_well = false;
    s->again.retry_ms = retry_ms;
    again_start(&s->again);
}

static void on_again(weft_timer *t, void *user)
{
    (void)t;
    source_connect(user);
}

void source_connect(struct source *s)
{
    int r = s->subscriber->o->via->begin(s);
    if (r) source_fails(s, r);
    else if (s->subscriber->paused) s->subscriber->o->via->pause(s, true);
}

void source_leave(struct source *s)
{
    again_deinit(&s->again);
    s->subscriber->o->via->leave(s);
    if (!s->v1.conn) is_over(s);
}

int source_init(struct source *s, struct subscriber *sub, const char *url)
{
    int r = channel_url_parse(&s->url, url);
    if (r) return r;
    if (s->url.is_pattern && sub->o->via != &via_ws) {
        complain("%s: a star is subscribed to by WebSocket only, --via ws", s->url.shown);
        return EXIT_URL;
    }
    if (s->url.is_pattern && sub->o->since)
        return complain("%s: --since is a position of one channel, and a star is many",
                        s->url.shown);
    s->subscriber = sub;
    s->access = sub->o->access;
    s->access.shown = s->url.shown;
    s->positions = json_object();
    s->access.max_message = access_json_max(sub->o->access.max_message);
    lines_init(&s->lines, s->access.max_message);
    r = again_init(&s->again, sub->loop, on_again, s);
    return r < 0 ? complain("cannot start: %s", weft_strerror(r)) : 0;
}

void source_deinit(struct source *s)
{
    again_deinit(&s->again);
    http_deinit(&s->http);
    weft_timer_free(s->next);
    json_decref(s->present);
    lines_deinit(&s->lines);
    sse_reader_free(&s->sse);
    json_decref(s->positions);
}
