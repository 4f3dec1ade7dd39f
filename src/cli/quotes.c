/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.c - the demo's quotes: pushed to everyone who is connected, five times a second
 *
 *      on_open   all prices and names to the new one; it joins the topic; the timer starts
 *      on_tick   one step of the market, published once for everybody; nobody left: the timer rests
 */
#include "cli/quotes.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

enum { TICK_MS = 200 };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_tick(weft_timer *t, void *user)
{
    struct quotes *q = user;
    q->ticking = weft_subscribers(q->service->hub, q->path) > 0;
    if (!q->ticking) return;
    weft_timer_start(t, TICK_MS);
    if (!market_step(&q->market)) return;

    char json[MARKET_JSON_MAX];
    size_t len = market_print(&q->market, now_ms(), false, json);
    int n = weft_publish(q->service->hub, q->path, WEFT_TEXT, json, len);
    trace_line(&q->service->trace, "%s  -> text, %zu bytes, to %d", q->path, len, n);
}

static int on_upgrade(weft_upgrade *u)
{
    const struct quotes *q = weft_upgrade_user(u);
    trace_handshake(&q->service->trace, u, q->path);
    return 0;
}

static void on_open(weft_conn *c)
{
    struct quotes *q = weft_conn_user(c);
    trace_open(&q->service->trace, c, q->path);

    char json[MARKET_JSON_MAX];
    size_t len = market_print(&q->market, now_ms(), true, json);
    int r = weft_send(c, WEFT_TEXT, json, len);
    if (r == 0) trace_sent(&q->service->trace, c, q->path, WEFT_TEXT, len);
    if (r == 0) r = weft_subscribe(q->service->hub, c, q->path);
    if (r < 0) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, weft_strerror(r));

    if (!q->ticking) weft_timer_start(q->timer, TICK_MS);
    q->ticking = true;
}

/* Who only listens may still talk; nobody minds. */
static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    (void)data;
    const struct quotes *q = weft_conn_user(c);
    trace_received(&q->service->trace, c, q->path, op, len);
}

static void on_ping(weft_conn *c, const void *data, size_t len)
{
    (void)data;
    const struct quotes *q = weft_conn_user(c);
    trace_ping(&q->service->trace, c, q->path, len);
}

static void on_pong(weft_conn *c, uint64_t rtt_us)
{
    const struct quotes *q = weft_conn_user(c);
    trace_pong(&q->service->trace, c, q->path, rtt_us);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    const struct quotes *q = weft_conn_user(c);
    trace_close(&q->service->trace, c, q->path, info);
}

int quotes_add(struct quotes *q, struct service *s, const char *path)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return -EIO;

    *q = (struct quotes){
        .service = s,
        .path = path,
        .handler =
            {
                .size = sizeof(weft_handler),
                .on_upgrade = on_upgrade,
                .on_open = on_open,
                .on_message = on_message,
                .on_ping = on_ping,
                .on_pong = on_pong,
                .on_close = on_close,
                .subprotocols = s->options->subprotocols.items,
                .deflate = s->deflate,
            },
    };
    market_init(&q->market, seed);
    int r = weft_timer_new(&q->timer, s->loop, on_tick, q);
    return r < 0 ? r : weft_server_route(s->server, path, &q->handler, q);
}

void quotes_deinit(struct quotes *q)
{
    weft_timer_free(q->timer);
}
