/* SPDX-License-Identifier: MIT
 *
 * channel/json_plain.h - how far a text goes on without anything that JSON has to look at
 *
 * Most of a string is plain, whether it is read or written, so it is looked at in words. In a word of eight bytes
 * (w - ones * n) & ~w & highs has the high bit of a byte that is below n, and may have some above the first such one;
 * so whether there is any is exact.
 */
#ifndef CHANNEL_JSON_PLAIN_H
#define CHANNEL_JSON_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Control characters, the quote, the backslash; and e2, with which U+2028 and U+2029 begin. */
static inline bool json_is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0xe2;
}

static inline uint64_t json_bytes_below(uint64_t word, uint64_t n)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    return (word - ones * n) & ~word & highs;
}

/* Bytes that are this one become zero, and so below 1. */
static inline uint64_t json_bytes_that_are(uint64_t word, uint64_t c)
{
    return json_bytes_below(word ^ 0x0101010101010101u * c, 1);
}

static inline bool json_is_plain_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return !(json_bytes_below(word, 0x20) | json_bytes_that_are(word, '"') |
             json_bytes_that_are(word, '\\') | json_bytes_that_are(word, 0xe2));
}

/* So many bytes at the front are plain. */
static inline size_t json_plain_run(const uint8_t *p, size_t len)
{
    size_t n = 0;
    while (len - n >= 8 && json_is_plain_word(p + n)) n += 8;
    while (n < len && json_is_plain(p[n])) n++;
    return n;
}

#endif
