/* SPDX-License-Identifier: MIT
 *
 * cli/echo.c - an echo endpoint: what comes goes back, nothing is lost
 *
 *      on_message -> weft_send            as long as the peer reads
 *                 -> weft_pause           it reads slower than it sends
 *      on_drain   -> weft_resume
 */
#include "cli/echo.h"

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    trace_received(weft_conn_user(c), c, op, len);
    int r = weft_send(c, op, data, len);
    if (r == 0) trace_sent(weft_conn_user(c), c, op, len);
    else if (r != WEFT_ERR_CLOSED) weft_abort(c); /* closing, it is too late for an answer */
    if (weft_backlogged(c)) weft_pause(c);
}

void echo_refuse(weft_request *r)
{
    static const char why[] = "this path speaks WebSocket only\n";
    weft_reply_field(r, "Upgrade", "websocket");
    weft_respond(r, 426, "text/plain; charset=utf-8", why, sizeof why - 1);
}

int echo_add(struct echo *e, struct service *s, const char *path)
{
    const weft_handler handler = {
        .on_upgrade = traced_on_upgrade,
        .on_open = traced_on_open,
        .on_message = on_message,
        .on_drain = weft_resume,
        .on_ping = traced_on_ping,
        .on_pong = traced_on_pong,
        .on_close = traced_on_close,
        .subprotocols = s->options->subprotocols.items,
        .deflate = s->deflate,
    };
    *e = (struct echo){.traced = {.trace = &s->trace, .place = path}};
    return weft_server_route(s->server, path, &handler, e);
}
