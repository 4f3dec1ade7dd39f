/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.c - the demo's quotes: pushed to everyone who is connected, five times a second
 *
 *      on_open   all prices and names to the new one; it joins the topic; the timer starts
 *      on_tick   one step of the market, published once for everybody; nobody left: the timer rests
 *
 * Who has joined under the lock gets every step from then on, and perhaps the last one once more: prices
 * are absolute, so that does no harm.
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

/* What moved, or nothing. */
static size_t next_step(struct quotes *q, char *json)
{
    pthread_mutex_lock(&q->lock);
    size_t moved = market_step(&q->market);
    size_t len = moved ? market_print(&q->market, now_ms(), false, json) : 0;
    pthread_mutex_unlock(&q->lock);
    return len;
}

static void on_tick(weft_timer *t, void *user)
{
    struct quotes *q = user;
    q->ticking = atomic_load(&q->members) > 0;
    if (!q->ticking) return;
    weft_timer_start(t, TICK_MS);

    char json[MARKET_JSON_MAX];
    size_t len = next_step(q, json);
    if (!len) return;
    if (weft_publish(q->service->hub, q->traced.place, WEFT_TEXT, json, len) == 0)
        service_trace_published(q->service, q->traced.place, WEFT_TEXT, len,
                                weft_subscribers(q->service->hub, q->traced.place));
}

/* In the first loop's thread. */
static void start_ticking(void *arg)
{
    struct quotes *q = arg;
    if (!q->ticking) weft_timer_start(q->timer, TICK_MS);
    q->ticking = true;
}

static int join(struct quotes *q, weft_conn *c)
{
    char json[MARKET_JSON_MAX];
    size_t len = market_print(&q->market, now_ms(), true, json);
    int r = weft_send(c, WEFT_TEXT, json, len);
    if (r == 0) trace_sent(c, WEFT_TEXT, len);
    return r < 0 ? r : weft_subscribe(q->service->hub, c, q->traced.place);
}

static void on_open(weft_conn *c)
{
    struct quotes *q = weft_conn_user(c);
    trace_open(c);

    bool first = atomic_fetch_add(&q->members, 1) == 0;
    int r = first ? weft_loop_post(q->service->loop, start_ticking, q) : 0;
    pthread_mutex_lock(&q->lock);
    if (r == 0) r = join(q, c);
    pthread_mutex_unlock(&q->lock);
    if (r < 0) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, weft_strerror(r));
}

/* Who only listens may still talk; nobody minds. */
static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    (void)data;
    trace_received(c, op, len);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct quotes *q = weft_conn_user(c);
    atomic_fetch_sub(&q->members, 1);
    trace_close(c, info);
}

int quotes_add(struct quotes *q, struct service *s, const char *path)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return -EIO;

    const weft_handler handler = {
        .on_upgrade = traced_on_upgrade,
        .on_open = on_open,
        .on_message = on_message,
        .on_ping = traced_on_ping,
        .on_pong = traced_on_pong,
        .on_close = on_close,
        .subprotocols = s->options->subprotocols.items,
        .deflate = s->deflate,
    };
    *q = (struct quotes){
        .traced = {.trace = &s->trace, .place = path},
        .service = s,
    };
    pthread_mutex_init(&q->lock, NULL);
    market_init(&q->market, seed);
    int r = weft_timer_new(&q->timer, s->loop, on_tick, q);
    return r < 0 ? r : weft_server_route(s->server, path, &handler, q);
}

void quotes_deinit(struct quotes *q)
{
    if (q->traced.place) pthread_mutex_destroy(&q->lock);
    weft_timer_free(q->timer);
}
