/* SPDX-License-Identifier: MIT
 *
 * cli/echo.c - an echo endpoint: what comes goes back, nothing is lost
 *
 *      on_message -> weft_send            as long as the peer reads
 *                 -> weft_pause           more than HIGH is queued: the peer reads slower than it sends
 *      on_drain   -> weft_resume
 *
 * A queue of many tiny messages can be full (WEFT_ERR_BACKLOG) long before it holds HIGH bytes. Then the
 * one message that did not fit waits here, with reading paused, and a timer tries again.
 */
#include "cli/echo.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HIGH = 256 << 10, RETRY_MS = 5 };

struct peer {
    const struct echo *echo;
    weft_conn *conn;
    weft_timer *retry; /* NULL until it is needed */
    weft_opcode op;    /* of the message that waits */
    size_t len;
    void *waiting; /* NULL: none */
};

static const struct trace *trace_of(const struct peer *p)
{
    return &p->echo->service->trace;
}

static void resume(struct peer *p)
{
    if (p->waiting) {
        int r = weft_send(p->conn, p->op, p->waiting, p->len);
        if (r == WEFT_ERR_BACKLOG) {
            weft_timer_start(p->retry, RETRY_MS);
            return;
        }
        if (r == 0) trace_sent(trace_of(p), p->conn, p->echo->path, p->op, p->len);
        free(p->waiting);
        p->waiting = NULL;
    }
    if (weft_buffered(p->conn) <= HIGH) weft_resume(p->conn);
}

static void on_retry(weft_timer *t, void *user)
{
    (void)t;
    resume(user);
}

static void on_drain(weft_conn *c)
{
    resume(weft_conn_user(c));
}

static int keep(struct peer *p, weft_opcode op, const void *data, size_t len)
{
    int r = p->retry ? 0 : weft_timer_new(&p->retry, p->echo->service->loop, on_retry, p);
    if (r < 0) return r;
    p->waiting = malloc(len ? len : 1);
    if (!p->waiting) return -ENOMEM;
    if (len) memcpy(p->waiting, data, len);
    p->op = op;
    p->len = len;
    weft_timer_start(p->retry, RETRY_MS);
    return 0;
}

/* Memory ran out, or the connection is closing anyway. */
static void give_up(weft_conn *c, int error)
{
    if (error != WEFT_ERR_CLOSED) weft_close(c, WEFT_CLOSE_INTERNAL_ERROR, weft_strerror(error));
}

static int on_upgrade(weft_upgrade *u)
{
    struct peer *p = calloc(1, sizeof *p);
    if (!p) return 503;
    p->echo = weft_upgrade_user(u);
    weft_upgrade_set_user(u, p);
    trace_handshake(trace_of(p), u, p->echo->path);
    return 0;
}

static void on_open(weft_conn *c)
{
    struct peer *p = weft_conn_user(c);
    p->conn = c;
    trace_open(trace_of(p), c, p->echo->path);
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct peer *p = weft_conn_user(c);
    assert(!p->waiting);
    trace_received(trace_of(p), c, p->echo->path, op, len);

    int r = weft_send(c, op, data, len);
    if (r == 0) trace_sent(trace_of(p), c, p->echo->path, op, len);
    if (r == WEFT_ERR_BACKLOG) r = keep(p, op, data, len);
    if (r < 0) give_up(c, r);
    else if (p->waiting || weft_buffered(c) > HIGH) weft_pause(c);
}

static void on_ping(weft_conn *c, const void *data, size_t len)
{
    (void)data;
    const struct peer *p = weft_conn_user(c);
    trace_ping(trace_of(p), c, p->echo->path, len);
}

static void on_pong(weft_conn *c, uint64_t rtt_us)
{
    const struct peer *p = weft_conn_user(c);
    trace_pong(trace_of(p), c, p->echo->path, rtt_us);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct peer *p = weft_conn_user(c);
    trace_close(trace_of(p), c, p->echo->path, info);
    weft_timer_free(p->retry);
    free(p->waiting);
    free(p);
}

int echo_add(struct echo *e, struct service *s, const char *path)
{
    *e = (struct echo){
        .service = s,
        .path = path,
        .handler =
            {
                .size = sizeof(weft_handler),
                .on_upgrade = on_upgrade,
                .on_open = on_open,
                .on_message = on_message,
                .on_drain = on_drain,
                .on_ping = on_ping,
                .on_pong = on_pong,
                .on_close = on_close,
                .subprotocols = s->options->subprotocols.items,
            },
    };
    return weft_server_route(s->server, path, &e->handler, e);
}
