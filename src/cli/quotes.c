/* SPDX-License-Identifier: MIT
 *
 * cli/quotes.c - on_tick: one step of the market, a message for each price that has moved, and one with all of them
 */
#include "cli/quotes.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { TICK_MS = 200, PAST = 60 * 1000 / TICK_MS };
enum { EACH, MINUTE };

static const char *const names[QUOTES_TOPICS] = {"/quotes", "/quotes/minute", "/quotes/queue",
                                                 "/quotes/latest", "/quotes/disconnect"};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* In topics from first to last. What cannot be said is no matter: the next one says where prices are, too. */
static void publish(const struct quotes *q, size_t first, size_t last, weft_bytes json,
                    weft_bytes key)
{
    weft_message *m;
    if (weft_message_new(&m, &q->service->trace.env, WEFT_TEXT, json.data, json.len) < 0) return;
    for (size_t i = first; i <= last; i++) {
        int error = weft_topic_publish(q->topics[i], m, key, NULL);
        (void)error;
    }
    weft_message_unref(m);
}

static weft_bytes bytes(const char *text, size_t len)
{
    return (weft_bytes){(const uint8_t *)text, len};
}

static void say(const struct quotes *q, size_t i)
{
    char json[MARKET_JSON_MAX];
    const char *symbol = market_symbol(i);
    size_t len = market_print(&q->market, i, now_ms(), json);
    publish(q, EACH, EACH, bytes(json, len), bytes(symbol, strlen(symbol)));
}

static void say_what_moved(const struct quotes *q)
{
    for (size_t i = 0; i < MARKET_STOCKS; i++)
        if (q->market.stocks[i].moved) say(q, i);
}

static void say_all(const struct quotes *q, size_t last, uint64_t time_ms)
{
    char json[MARKET_ALL_MAX];
    size_t len = market_print_all(&q->market, time_ms, json);
    publish(q, MINUTE, last, bytes(json, len), (weft_bytes){0});
}

static void on_tick(weft_timer *t, void *user)
{
    struct quotes *q = user;
    weft_timer_start(t, TICK_MS);
    market_step(&q->market);
    say_what_moved(q);
    say_all(q, QUOTES_TOPICS - 1, now_ms());
}

/* The minute that is over when somebody can look for the first time. */
static void begin_a_minute_ago(struct quotes *q)
{
    uint64_t now = now_ms();
    say_what_moved(q);
    for (uint64_t i = PAST; i > 0; i--) {
        say_all(q, MINUTE, now - i * TICK_MS);
        market_step(&q->market);
    }
}

static int get_topics(struct quotes *q, weft_hub *hub)
{
    int error = 0;
    for (size_t i = 0; i < QUOTES_TOPICS && !error; i++)
        error = weft_topic_get(&q->topics[i], hub, bytes(names[i], strlen(names[i])));
    return error;
}

int quotes_open(struct quotes *q, const struct service *s)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) return -EIO;
    *q = (struct quotes){.service = s};
    market_init(&q->market, seed);
    int error = get_topics(q, weft_channels_hub(s->channels.them));
    if (!error) error = weft_timer_new(&q->timer, s->loop, on_tick, q);
    if (error) return error;
    begin_a_minute_ago(q);
    on_tick(q->timer, q);
    return 0;
}

void quotes_deinit(struct quotes *q)
{
    weft_timer_free(q->timer);
    for (size_t i = 0; i < QUOTES_TOPICS; i++) weft_topic_unref(q->topics[i]);
}
