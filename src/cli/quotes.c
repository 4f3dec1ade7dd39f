/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.c - on_tick: one step of the market, and a message for each price that has moved
 */
#include "cli/quotes.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { TICK_MS = 200 };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Who is too slow for it has the newest of each in the end, so one that cannot be said is no matter. */
static void say(const struct quotes *q, size_t i)
{
    char json[MARKET_JSON_MAX];
    weft_message *m;
    const char *symbol = market_symbol(i);
    size_t len = market_print(&q->market, i, now_ms(), json);
    if (weft_message_new(&m, &q->service->trace.env, WEFT_TEXT, json, len) < 0) return;
    int error = weft_topic_publish(q->topic, m,
                                   (weft_bytes){(const uint8_t *)symbol, strlen(symbol)}, NULL);
    (void)error;
    weft_message_unref(m);
}

static void say_what_moved(const struct quotes *q)
{
    for (size_t i = 0; i < MARKET_STOCKS; i++)
        if (q->market.stocks[i].moved) say(q, i);
}

static void on_tick(weft_timer *t, void *user)
{
    struct quotes *q = user;
    weft_timer_start(t, TICK_MS);
    market_step(&q->market);
    say_what_moved(q);
}

int quotes_open(struct quotes *q, const struct service *s)
{
    static const char name[] = "/quotes";
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return -EIO;
    *q = (struct quotes){.service = s};
    market_init(&q->market, seed);
    int r = weft_topic_get(&q->topic, weft_channels_hub(s->channels.them),
                           (weft_bytes){(const uint8_t *)name, sizeof name - 1});
    if (r == 0) r = weft_timer_new(&q->timer, s->loop, on_tick, q);
    if (r < 0) return r;
    say_what_moved(q);
    weft_timer_start(q->timer, TICK_MS);
    return 0;
}

void quotes_deinit(struct quotes *q)
{
    weft_timer_free(q->timer);
    weft_topic_unref(q->topic);
}
