/* SPDX-License-Identifier: MIT
 *
 * cli/market.c - a dozen prices that walk at random
 *
 * Each step moves about half of the prices by a few thousandths. A weak pull towards home keeps a demo
 * that ran for a month from showing prices of a millionth or a million; walls at a third and at three
 * times of home make sure.
 */
#include "cli/market.h"

#include <assert.h>
#include <inttypes.h>

static const struct listing {
    const char *symbol, *name;
    double home;
} listings[MARKET_STOCKS] = {
    {"ACME", "Acme Tools", 101.25},   {"BOLT", "Bolt & Nut", 55.10},
    {"CORK", "Cork Harbour", 23.40},  {"DUNE", "Dune Solar", 312.75},
    {"ECHO", "Echo Audio", 78.60},    {"FERN", "Fern Gardens", 14.85},
    {"GLAZ", "Glaz Ceramics", 41.20}, {"HAZE", "Haze Weather", 187.30},
    {"IRIS", "Iris Optics", 226.90},  {"JUTE", "Jute & Linen", 32.15},
    {"KILN", "Kiln Bakeries", 66.45}, {"LOOM", "Loom Works", 149.00},
};

/* splitmix64 */
static uint64_t next(struct market *m)
{
    uint64_t z = m->random += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* In [-1, 1), most often near 0: the mean of three. */
static double noise(struct market *m)
{
    double sum = 0;
    for (int i = 0; i < 3; i++) sum += (double)(next(m) >> 11) * 0x1p-52 - 1;
    return sum / 3;
}

static long round_cents(double price)
{
    return (long)(price * 100 + 0.5);
}

void market_init(struct market *m, uint64_t seed)
{
    *m = (struct market){.random = seed};
    for (size_t i = 0; i < MARKET_STOCKS; i++) {
        double price = listings[i].home * (1 + 0.05 * noise(m));
        m->stocks[i] = (struct stock){.price = price, .cents = round_cents(price), .moved = true};
    }
}

static void walk(struct market *m, struct stock *s, double home)
{
    double price = s->price * (1 + 0.004 * noise(m)) + 0.0005 * (home - s->price);
    if (price < home / 3) price = home / 3;
    if (price > home * 3) price = home * 3;

    long cents = round_cents(price);
    s->price = price;
    s->moved = cents != s->cents;
    s->cents = cents;
}

size_t market_step(struct market *m)
{
    size_t moved = 0;
    for (size_t i = 0; i < MARKET_STOCKS; i++) {
        struct stock *s = &m->stocks[i];
        s->moved = false;
        if (next(m) & 1) walk(m, s, listings[i].home);
        moved += s->moved;
    }
    return moved;
}

const char *market_symbol(size_t i)
{
    return listings[i].symbol;
}

size_t market_print(const struct market *m, size_t i, uint64_t time_ms, char json[MARKET_JSON_MAX])
{
    long cents = m->stocks[i].cents;
    int n =
        snprintf(json, MARKET_JSON_MAX,
                 "{\"symbol\": \"%s\", \"name\": \"%s\", \"price\": %ld.%02ld, \"t\": %" PRIu64 "}",
                 listings[i].symbol, listings[i].name, cents / 100, cents % 100, time_ms);
    assert(n < MARKET_JSON_MAX);
    return (size_t)n;
}

size_t market_print_all(const struct market *m, uint64_t time_ms, char json[MARKET_ALL_MAX])
{
    int n = snprintf(json, MARKET_ALL_MAX, "{\"t\": %" PRIu64 ", \"prices\": {", time_ms);
    for (size_t i = 0; i < MARKET_STOCKS; i++) {
        long cents = m->stocks[i].cents;
        n += snprintf(json + n, MARKET_ALL_MAX - (size_t)n, "%s\"%s\": %ld.%02ld", i ? ", " : "",
                      listings[i].symbol, cents / 100, cents % 100);
    }
    n += snprintf(json + n, MARKET_ALL_MAX - (size_t)n, "}}");
    assert(n < MARKET_ALL_MAX);
    return (size_t)n;
}
