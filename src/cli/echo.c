/* SPDX-License-Identifier: MIT
 *
 * cli/echo.c - an echo endpoint: what comes goes back, nothing is lost
 *
 *      on_message -> weft_send            as long as the peer reads
 *                 -> weft_pause           it reads slower than it sends
 *      on_drain   -> weft_resume
 */
#include "cli/echo.h"

static const struct trace *trace_of(const struct echo *e)
{
    return &e->service->trace;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    const struct echo *e = weft_conn_user(c);
    trace_received(trace_of(e), c, e->path, op, len);
    int r = weft_send(c, op, data, len);
    if (r == 0) trace_sent(trace_of(e), c, e->path, op, len);
    else if (r != WEFT_ERR_CLOSED) weft_abort(c); /* closing, it is too late for an answer */
    if (weft_backlogged(c)) weft_pause(c);
}

static int on_upgrade(weft_upgrade *u)
{
    const struct echo *e = weft_upgrade_user(u);
    trace_handshake(trace_of(e), u, e->path);
    return 0;
}

static void on_open(weft_conn *c)
{
    const struct echo *e = weft_conn_user(c);
    trace_open(trace_of(e), c, e->path);
}

static void on_ping(weft_conn *c, const void *data, size_t len)
{
    (void)data;
    const struct echo *e = weft_conn_user(c);
    trace_ping(trace_of(e), c, e->path, len);
}

static void on_pong(weft_conn *c, uint64_t rtt_us)
{
    const struct echo *e = weft_conn_user(c);
    trace_pong(trace_of(e), c, e->path, rtt_us);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    const struct echo *e = weft_conn_user(c);
    trace_close(trace_of(e), c, e->path, info);
}

int echo_add(struct echo *e, struct service *s, const char *path)
{
    const weft_handler handler = {
        .on_upgrade = on_upgrade,
        .on_open = on_open,
        .on_message = on_message,
        .on_drain = weft_resume,
        .on_ping = on_ping,
        .on_pong = on_pong,
        .on_close = on_close,
        .subprotocols = s->options->subprotocols.items,
        .deflate = s->deflate,
    };
    *e = (struct echo){
        .service = s,
        .path = path,
    };
    return weft_server_route(s->server, path, &handler, e);
}
