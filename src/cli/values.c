/* SPDX-License-Identifier: MIT
 *
 * cli/values.c - numbers, sizes and durations as people type them
 *
 * A value is digits, perhaps a fraction (durations), and a unit out of a table.
 */
#include "cli/values.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {0}};

static const struct unit size_units[] = {
    {"", 1}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1}, {0},
};

static const struct unit time_units[] = {
    {"", 1000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {0},
};

static bool digits(const char **at, uint64_t *out)
{
    const char *p = *at;
    uint64_t value = 0;
    for (; isdigit((unsigned char)*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    bool some = p > *at;
    *at = p;
    *out = value;
    return some;
}

/* Up to six digits behind a point, in millionths. */
static bool fraction(const char **at, uint64_t *millionths)
{
    *millionths = 0;
    if (**at != '.') return true;
    const char *p = *at + 1;
    uint64_t place = 100000;
    for (; isdigit((unsigned char)*p); p++, place /= 10)
        *millionths += (uint64_t)(*p - '0') * place;
    bool some = p > *at + 1;
    *at = p;
    return some;
}

static const struct unit *find(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (!strcasecmp(units->name, name)) return units;
    return NULL;
}

static bool parse(const char *text, const struct unit *units, bool fractions, uint64_t *out)
{
    uint64_t whole, part = 0;
    if (!digits(&text, &whole)) return false;
    if (fractions && !fraction(&text, &part)) return false;

    const struct unit *unit = find(units, text);
    if (!unit || whole > (UINT64_MAX >> 1) / unit->factor) return false;
    *out = whole * unit->factor + part * unit->factor / 1000000;
    return true;
}

bool value_number(const char *text, uint64_t *out)
{
    return parse(text, no_units, false, out);
}

bool value_size(const char *text, uint64_t *out)
{
    return parse(text, size_units, false, out);
}

bool value_time(const char *text, uint64_t *out)
{
    return parse(text, time_units, true, out);
}

/* units[0] is the one without a name; the others stand from large to small and end with factor 1. */
static void print(char *text, size_t size, uint64_t value, const struct unit *units)
{
    const struct unit *unit = units + 1;
    while (value % unit->factor || value == 0) {
        if (unit->factor == 1) break;
        unit++;
    }
    snprintf(text, size, "%" PRIu64 "%s", value / unit->factor, unit->name);
}

void value_print_size(char *text, size_t size, uint64_t bytes)
{
    print(text, size, bytes, size_units);
}

void value_print_time(char *text, size_t size, uint64_t ms)
{
    print(text, size, ms, time_units);
}
