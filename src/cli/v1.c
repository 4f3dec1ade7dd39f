/* SPDX-License-Identifier: MIT
 *
 * cli/v1.c - text messages, each an object, told apart by the members that they have
 */
#include "cli/v1.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static uint64_t number_of(const json_t *object, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(object, name));
    return n > 0 ? (uint64_t)n : 0;
}

/* ---- what the server says -------------------------------------------------------------------- */

static void take_hello(struct v1 *v, const json_t *said)
{
    v->max_message = number_of(json_object_get(said, "hello"), "max_message");
    v->handler->on_hello(v, said);
}

/* Others there may be, from newer servers. */
static void take(struct v1 *v, json_t *said)
{
    const json_t *ok = json_object_get(said, "ok"), *error = json_object_get(said, "error");
    const json_t *close = json_object_get(said, "close");
    bool of_channel = json_object_get(said, "channel");
    if (json_object_get(said, "hello")) take_hello(v, said);
    else if (ok || (error && !of_channel))
        v->handler->on_answer(v, json_object_get(said, "id"), ok, error);
    else if (close) v->retry_ms = number_of(close, "retry");
    else if (of_channel && v->handler->on_envelope) v->handler->on_envelope(v, said);
}

static void is_broken(struct v1 *v, const char *why)
{
    v->broken = true;
    complain("%s: %s", v->traced.place, why);
    weft_close(v->conn, WEFT_CLOSE_PROTOCOL_ERROR, "this is not weft.v1");
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct v1 *v = weft_conn_user(c);
    trace_received(weft_conn_user(c), c, op, len);
    json_t *said = op == WEFT_TEXT ? json_loadb(data, len, JSON_ALLOW_NUL, NULL) : NULL;
    if (v->broken) return;
    if (json_is_object(said)) take(v, said);
    else is_broken(v, "what it sends is not weft.v1: a message is a JSON object");
    json_decref(said);
}

static void on_open(weft_conn *c)
{
    struct v1 *v = weft_conn_user(c);
    v->opened = true;
    connect_trace_response(v->traced.trace, c);
    trace_open(weft_conn_user(c), c);
    if (!*weft_conn_subprotocol(c)) is_broken(v, "that server does not speak weft.v1");
}

static void on_drain(weft_conn *c)
{
    struct v1 *v = weft_conn_user(c);
    if (v->handler->on_room) v->handler->on_room(v);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct v1 *v = weft_conn_user(c);
    uint64_t retry_ms = v->retry_ms;
    connect_trace_refusal(v->traced.trace, info);
    v->conn = NULL;
    v->handler->on_gone(v, info, retry_ms);
}

/* ---- what we say ----------------------------------------------------------------------------- */

int v1_connect(struct v1 *v, const struct connect_options *o, const struct trace *t, weft_loop *l)
{
    static const char *const subprotocols[] = {"weft.v1", NULL};
    static const weft_deflate deflate = {0};
    const weft_handler handler = {
        .on_open = on_open,
        .on_message = on_message,
        .on_drain = on_drain,
        .on_ping = traced_on_ping,
        .on_pong = traced_on_pong,
        .on_close = on_close,
        .subprotocols = subprotocols,
        .deflate = &deflate,
    };
    v->traced = (struct traced){.trace = t, .place = o->shown};
    v->opened = v->broken = false;
    v->retry_ms = 0;
    return connect_dial(o, t, l, &handler, v, &v->conn);
}

void v1_send(struct v1 *v, const char *text, size_t len)
{
    if (!v->conn || !weft_conn_is_open(v->conn)) return;
    int r = weft_send(v->conn, WEFT_TEXT, text, len);
    if (r < 0) weft_abort(v->conn);
    else trace_sent(&v->traced, v->conn, WEFT_TEXT, len);
}

void v1_send_json(struct v1 *v, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    if (text) v1_send(v, text, strlen(text));
    else if (v->conn) weft_abort(v->conn);
    free(text);
    json_decref(object);
}

int v1_report(const struct v1 *v, const struct connect_options *o, const weft_close_info *info)
{
    return v->broken ? EXIT_PROTOCOL : connect_report(o, info, v->opened, true);
}

void v1_leave(struct v1 *v)
{
    if (v->conn) weft_close(v->conn, WEFT_CLOSE_NORMAL, NULL);
}
