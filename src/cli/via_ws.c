/* SPDX-License-Identifier: MIT
 *
 * cli/via_ws.c - by WebSocket: weft.v1, a subscription for the URL, and, of a pattern, one for each channel it met
 *
 *      on_hello -> subscribe ... -> its ok: source_begins -> envelopes: source_take
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/outcome.h"
#include "cli/source.h"

/* ---- what is subscribed to ------------------------------------------------------------------- */

static json_t *last_of(const char *last)
{
    if (!strcmp(last, "all")) return json_string(last);
    return json_integer((json_int_t)strtoull(last, NULL, 10));
}

/* since, last: NULL: not said. */
static void subscribe(struct source *s, const char *channel, const char *since, const char *last)
{
    json_t *command = json_pack("{siss}", "id", (int)++s->unanswered, "subscribe", channel);
    if (since) json_object_set_new(command, "since", json_string(since));
    if (last) json_object_set_new(command, "last", last_of(last));
    v1_send_json(&s->v1, command);
}

/* Each channel that it reads, be it for a pattern: said is where it begins. */
static void look_on(struct source *s, const json_t *said)
{
    json_t *channel = json_object_get(said, "channel");
    if (!s->subscriber->o->presence || !json_object_get(said, "policy")) return;
    v1_send_json(&s->v1, json_pack("{sisOsb}", "id", (int)++s->unanswered, "presence", channel,
                                   "events", 1));
}

/* Channels of a pattern that are known come first, each from where it was: others are new, and all of theirs is. */
static void resume(struct source *s)
{
    const char *channel;
    json_t *position;
    json_object_foreach(s->positions, channel, position)
        subscribe(s, channel, json_string_value(position), NULL);
    subscribe(s, s->url.name, NULL, "all");
}

static void on_hello(struct v1 *v, const json_t *said)
{
    struct source *s = v->user;
    const struct sub_options *o = s->subscriber->o;
    const char *called = json_string_value(json_object_get(said, "channel"));
    if (called) channel_url_is_called(&s->url, called);
    const char *at = source_position(s);
    s->unanswered = 0;
    if (s->url.is_pattern && s->began) resume(s);
    else if (at) subscribe(s, s->url.name, at, NULL);
    else subscribe(s, s->url.name, o->since, o->last);
}

/* ---- what is answered ------------------------------------------------------------------------ */

static void refused(struct source *s, const json_t *error)
{
    const json_t *message = json_object_get(error, "message");
    json_int_t retry = json_integer_value(json_object_get(error, "retry"));
    struct outcome_refusal no;
    if (retry > 0) {
        s->retry_ms = (uint64_t)retry;
        weft_abort(s->v1.conn);
        return;
    }
    outcome_refuse(
        &no, (int)json_integer_value(json_object_get(error, "code")),
        (weft_bytes){(const uint8_t *)json_string_value(message), json_string_length(message)});
    connect_report(&s->access, &no.info, false, true);
    source_fails(s, EXIT_REFUSED);
}

static void on_answer(struct v1 *v, const json_t *id, const json_t *ok, const json_t *error)
{
    struct source *s = v->user;
    (void)id;
    if (ok && json_object_get(ok, "presence")) source_take(s, ok);
    else if (ok) source_begins(s, ok);
    if (ok) look_on(s, ok);
    else refused(s, error);
}

static void on_envelope(struct v1 *v, json_t *envelope)
{
    source_take(v->user, envelope);
    look_on(v->user, envelope);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int report(struct source *s, const weft_close_info *info)
{
    return v1_report(&s->v1, &s->access, info);
}

static void on_gone(struct v1 *v, const weft_close_info *info, uint64_t retry_ms)
{
    struct source *s = v->user;
    weft_close_info passes = {.code = WEFT_CLOSE_TRY_AGAIN_LATER, .error = WEFT_ERR_LOST};
    passes.cause = "the server asks for a pause";
    uint64_t pause = s->retry_ms;
    s->retry_ms = 0;
    s->ended_well = retry_ms;
    source_gone(s, pause ? &passes : info, v->opened, pause ? pause : retry_ms, report);
}

static int begin(struct source *s)
{
    static const struct v1_handler handler = {.on_hello = on_hello,
                                              .on_answer = on_answer,
                                              .on_envelope = on_envelope,
                                              .on_gone = on_gone};
    int r = channel_url_ws(&s->url, "subscribe=no", s->ws_url, sizeof s->ws_url);
    if (r) return r;
    s->access.url = s->ws_url;
    s->v1.handler = &handler;
    s->v1.user = s;
    return v1_connect(&s->v1, &s->access, &s->subscriber->trace, s->subscriber->loop);
}

static void pause(struct source *s, bool paused)
{
    if (!s->v1.conn) return;
    if (paused) weft_pause(s->v1.conn);
    else weft_resume(s->v1.conn);
}

static void leave(struct source *s)
{
    v1_leave(&s->v1);
}

const struct via via_ws = {"ws", begin, pause, leave};
