/* SPDX-License-Identifier: MIT
 *
 * cli/market.h - a dozen prices that walk at random
 *
 * No clock and no I/O: market_step moves the prices, market_print says where they are.
 */
#ifndef CLI_MARKET_H
#define CLI_MARKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MARKET_STOCKS = 12, MARKET_JSON_MAX = 160, MARKET_ALL_MAX = 512 };

struct stock {
    double price;
    long cents; /* price, rounded: what is told */
    bool moved; /* cents changed in the last step; at first, of all */
};

struct market {
    uint64_t random; /* the generator's state */
    struct stock stocks[MARKET_STOCKS];
};

void market_init(struct market *m, uint64_t seed);

/* How many prices moved. */
size_t market_step(struct market *m);

const char *market_symbol(size_t i);

/* {"symbol": "ACME", "name": "Acme Tools", "price": 101.25, "t": 1732233600123}. Returns the length. */
size_t market_print(const struct market *m, size_t i, uint64_t time_ms, char json[MARKET_JSON_MAX]);

/* {"t": 1732233600123, "prices": {"ACME": 101.25, ...}}: where all of them are. Returns the length. */
size_t market_print_all(const struct market *m, uint64_t time_ms, char json[MARKET_ALL_MAX]);

#endif
