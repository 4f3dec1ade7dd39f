/* SPDX-License-Identifier: MIT
 *
 * cli/publisher_ws.c - by WebSocket: weft.v1, each message a command
 *
 *      on_hello -> probe -> its answer -> publisher_is_ready -> send ... on_answer -> publisher_confirmed
 *
 * The probe subscribes, and takes it back: the answer to that is the one place where the epoch can be seen before
 * anything is published. Who may not read goes on without knowing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/publisher.h"

/* Less than a server would stop to read at, so that its pings are answered. */
enum { IN_FLIGHT = 64, IN_FLIGHT_BYTES = 192 << 10 };

#define PROBE "probe"

/* ---- what is sent ---------------------------------------------------------------------------- */

static void send_one(struct publisher *p, const struct publication *one)
{
    struct buffer text = {0};
    char number[32], once[ONCE_PREFIX + 32];
    snprintf(number, sizeof number, "{\"id\":%" PRIu64 ",\"publish\":", one->number);
    snprintf(once, sizeof once, ",\"once\":\"%s-%" PRIu64 "\"}", p->once, one->number);
    buffer_add_text(&text, number);
    buffer_add_text(&text, p->channel_json);
    buffer_add_text(&text, ",");
    buffer_add(&text, one->members, one->len);
    buffer_add_text(&text, once);
    if (!text.failed) v1_send(&p->v1, (const char *)text.data, text.len);
    else if (p->v1.conn) weft_abort(p->v1.conn);
    buffer_free(&text);
}

static void send_some(struct publisher *p)
{
    struct pending *pending = &p->pending;
    while (pending->unsent && pending->n_sent < IN_FLIGHT && p->v1.conn &&
           (!pending->n_sent || pending->bytes_sent < IN_FLIGHT_BYTES)) {
        send_one(p, pending->unsent);
        pending_is_sent(pending);
    }
}

/* What is published there is said with the name that the server has for it. */
static void take_name(struct publisher *p, const char *called)
{
    channel_url_is_called(p->url, called);
    json_t *name = json_string(p->url->name);
    char *json = json_dumps(name, JSON_ENCODE_ANY);
    json_decref(name);
    if (!json) return;
    free(p->channel_json);
    p->channel_json = json;
}

static void on_hello(struct v1 *v, const json_t *said)
{
    struct publisher *p = v->user;
    const char *called = json_string_value(json_object_get(said, "channel"));
    p->max_message = v->max_message;
    if (called) take_name(p, called);
    v1_send_json(v, json_pack("{ssss}", "id", PROBE, "subscribe", p->url->name));
    v1_send_json(v, json_pack("{ssss}", "id", "un" PROBE, "unsubscribe", p->url->name));
}

/* ---- what is answered ------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void take_probe(struct publisher *p, const json_t *ok)
{
    if (publisher_is_at(p, text_of(ok, "position"))) publisher_is_ready(p);
}

/* What passes is tried again, all that is not confirmed, so that the order stays. */
static void take_error(struct publisher *p, const json_t *error)
{
    int code = (int)json_integer_value(json_object_get(error, "code"));
    json_int_t retry = json_integer_value(json_object_get(error, "retry"));
    if (retry > 0) {
        p->retry_ms = (uint64_t)retry;
        weft_abort(p->v1.conn);
        return;
    }
    if (p->o->message || p->o->whole) complain("the message was refused");
    else complain("line %" PRIu64 " of the input was refused", p->pending.first->number);
    const char *words = text_of(error, "message");
    struct outcome_refusal no;
    outcome_refuse(&no, code, (weft_bytes){(const uint8_t *)words, strlen(words)});
    connect_report(&p->access, &no.info, false, true);
    publisher_refused(p, 1);
}

static void on_answer(struct v1 *v, const json_t *id, const json_t *ok, const json_t *error)
{
    struct publisher *p = v->user;
    const struct publication *first = p->pending.first;
    if (json_is_string(id) && !strcmp(json_string_value(id), PROBE)) take_probe(p, ok);
    if (!json_is_integer(id) || !first || p->pending.first == p->pending.unsent) return;
    if ((uint64_t)json_integer_value(id) != first->number) return;
    if (ok) publisher_confirmed(p, 1, text_of(ok, "position"));
    else take_error(p, error);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int report(struct publisher *p, const weft_close_info *info)
{
    return v1_report(&p->v1, &p->access, info);
}

static void on_gone(struct v1 *v, const weft_close_info *info, uint64_t retry_ms)
{
    struct publisher *p = v->user;
    weft_close_info passes = {.code = WEFT_CLOSE_TRY_AGAIN_LATER, .error = WEFT_ERR_LOST};
    passes.cause = "the server asks for a pause";
    uint64_t pause = p->retry_ms;
    p->retry_ms = 0;
    publisher_gone(p, pause ? &passes : info, v->opened, pause ? pause : retry_ms, report);
}

static int prepare(struct publisher *p)
{
    json_t *name = json_string(p->url->name);
    p->channel_json = json_dumps(name, JSON_ENCODE_ANY);
    json_decref(name);
    p->access = p->o->access;
    p->access.url = p->ws_url;
    p->access.shown = p->url->shown;
    p->access.max_message = access_json_max(p->o->access.max_message);
    if (!p->channel_json) return complain("out of memory");
    return channel_url_ws(p->url, "subscribe=no", p->ws_url, sizeof p->ws_url);
}

static int begin(struct publisher *p)
{
    static const struct v1_handler handler = {
        .on_hello = on_hello, .on_answer = on_answer, .on_gone = on_gone};
    int r = p->ws_url[0] ? 0 : prepare(p);
    if (r) return r;
    p->v1.handler = &handler;
    p->v1.user = p;
    return v1_connect(&p->v1, &p->access, &p->trace, p->loop);
}

static void leave(struct publisher *p)
{
    v1_leave(&p->v1);
}

static void drop(struct publisher *p)
{
    if (p->v1.conn) weft_abort(p->v1.conn);
}

const struct outlet publisher_by_ws = {begin, send_some, leave, drop};
