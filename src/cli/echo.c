/* SPDX-License-Identifier: MIT
 *
 * cli/echo.c - an echo endpoint: what comes goes back, nothing is lost
 *
 *      on_message -> weft_send            as long as the peer reads
 *                 -> weft_pause           more than HIGH is queued, or the queue is full: it reads slower
 *                                         than it sends
 *      on_drain   -> weft_resume
 *
 * The one message that did not fit any more hangs on the connection until then, by a weft_link: so
 * the connections that keep up cost nothing here.
 */
#include "cli/echo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HIGH = 256 << 10 };

struct waiting {
    weft_link link;
    weft_opcode op;
    size_t len;
    char data[];
};

static void on_gone(weft_link *link)
{
    free(link); /* the first member of a struct waiting */
}

static int keep(const struct echo *e, weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct waiting *w = malloc(sizeof *w + len);
    if (!w) return -ENOMEM;
    w->link = (weft_link){.owner = e, .on_gone = on_gone};
    w->op = op;
    w->len = len;
    if (len) memcpy(w->data, data, len);
    weft_conn_link(c, &w->link);
    weft_pause(c);
    return 0;
}

static int reply(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    int r = weft_send(c, op, data, len);
    if (r == 0) trace_sent(c, op, len);
    return r;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    const struct echo *e = weft_conn_user(c);
    trace_received(c, op, len);
    int r = reply(c, op, data, len);
    if (r == WEFT_ERR_BACKLOG) r = keep(e, c, op, data, len);
    if (r == -ENOMEM) weft_close(c, WEFT_CLOSE_INTERNAL_ERROR, weft_strerror(r));
    if (weft_buffered(c) > HIGH) weft_pause(c);
}

static void on_drain(weft_conn *c)
{
    const struct echo *e = weft_conn_user(c);
    struct waiting *w = (struct waiting *)weft_conn_find_link(c, e);
    if (w) {
        if (reply(c, w->op, w->data, w->len) == WEFT_ERR_BACKLOG) return;
        weft_conn_unlink(c, &w->link);
        free(w);
    }
    if (weft_buffered(c) <= HIGH) weft_resume(c);
}

int echo_add(struct echo *e, struct service *s, const char *path)
{
    const weft_handler handler = {
        .on_upgrade = traced_on_upgrade,
        .on_open = traced_on_open,
        .on_message = on_message,
        .on_drain = on_drain,
        .on_ping = traced_on_ping,
        .on_pong = traced_on_pong,
        .on_close = traced_on_close,
        .subprotocols = s->options->subprotocols.items,
        .deflate = s->deflate,
    };
    *e = (struct echo){.traced = {.trace = &s->trace, .place = path}};
    return weft_server_route(s->server, path, &handler, e);
}
