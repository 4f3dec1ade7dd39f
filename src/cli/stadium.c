/* SPDX-License-Identifier: MIT
 *
 * cli/stadium.c - on_tick publishes for all races that are due; requests go to the table
 */
#include "cli/stadium.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/aux.h>

#include "cli/page.h"

enum { TICK_MS = 5, IDLE_MS = 200 };

static uint64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t now_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static uint64_t real_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

/* ---- updates --------------------------------------------------------------------------------- */

/* One price after the other. Who cannot be told one is told the next. */
static void say(const struct stadium *s, const struct race_turn *turn)
{
    char json[MARKET_JSON_MAX];
    size_t len = market_print(s->market, turn->n % MARKET_STOCKS, real_ms(), json);
    int error = weft_publish(s->hub, turn->channel, WEFT_TEXT, json, len);
    (void)error;
}

static void on_tick(weft_timer *t, void *user)
{
    struct stadium *s = user;
    struct race_turn turns[RACES_MAX];
    bool live;
    size_t n = race_due(&s->races, now_us(), turns, &live);
    for (size_t i = 0; i < n; i++) say(s, &turns[i]);
    weft_timer_start(t, live ? TICK_MS : IDLE_MS);
}

/* ---- control --------------------------------------------------------------------------------- */

#define CONTROL "/races/"

static weft_bytes id_of(const weft_request *r)
{
    weft_bytes path = weft_request_path(r);
    size_t len = sizeof CONTROL - 1;
    return (weft_bytes){path.data + len, path.len - len};
}

static void refuse(weft_request *r, int status, const char *why)
{
    weft_respond(r, status, "text/plain; charset=utf-8", why, strlen(why));
}

static double rate_of(const weft_request *r)
{
    char text[16], *end;
    if (weft_query_get(weft_request_query(r), "rate", text, sizeof text) <= 0) return 0;
    double rate = strtod(text, &end);
    return *end ? 0 : rate;
}

static void set(struct stadium *s, weft_request *r)
{
    if (!weft_request_allowed(r)) {
        refuse(r, 403, "not for pages of other origins\n");
        return;
    }
    switch (race_rate(&s->races, id_of(r), rate_of(r), now_us())) {
    case 0: weft_respond(r, 204, NULL, NULL, 0); return;
    case -ENOSPC:
        refuse(r, 503, "there are 20 races already; each ends when nobody reads\n");
        return;
    default: refuse(r, 400, "the name has 8 to 32 of a-z and 0-9, the rate is 0.5 to 20\n");
    }
}

static void tell(struct stadium *s, weft_request *r)
{
    char json[RACE_JSON_MAX];
    int len = race_print(&s->races, id_of(r), real_ms(), now_us(), json);
    if (len < 0) refuse(r, 404, "there is no such race, or it is over\n");
    else weft_respond(r, 200, "application/json", json, (size_t)len);
}

static void on_request(weft_request *r, void *user)
{
    page_fields(r, "no-store");
    if (weft_request_is(r, "POST")) set(user, r);
    else tell(user, r);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Of a WebSocket the request was its upgrade's. */
void stadium_count(struct stadium *s, const weft_access *a, uint64_t received, uint64_t sent)
{
    bool begins = received && a->kind != WEFT_ACCESS_WEBSOCKET;
    race_pass(&s->races, a->target, begins, received, sent, now_us());
}

void stadium_init(struct stadium *s)
{
    *s = (struct stadium){0};
    races_init(&s->races);
}

int stadium_open(struct stadium *s, weft_server *server, weft_loop *l, weft_hub *hub,
                 const struct market *market)
{
    static const weft_request_handler control = {.on_request = on_request, .methods = "GET, POST"};
    s->hub = hub;
    s->market = market;
    int error = weft_server_on_request(server, CONTROL "*", &control, s);
    if (!error) error = weft_timer_new(&s->timer, l, on_tick, s);
    if (!error) weft_timer_start(s->timer, IDLE_MS);
    return error;
}

void stadium_deinit(struct stadium *s)
{
    weft_timer_free(s->timer);
    pthread_mutex_destroy(&s->races.lock);
}
