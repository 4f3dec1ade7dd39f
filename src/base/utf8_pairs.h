/* SPDX-License-Identifier: MIT
 *
 * base/utf8_pairs.h - UTF-8 by looking up pairs of bytes, for processors that look up 16 at a time
 *
 * Nearly all that can be wrong shows in the first twelve bits of two bytes that follow each other. Each way
 * to be wrong is a bit. Three tables, of the first byte's two halves and of the second's upper half, say
 * which ways are open; a pair is wrong in a way that all three leave open.
 *
 * What is left: whether a third and a fourth byte are there, and no fifth. A continuation behind a
 * continuation is therefore marked PAIR, and has to be found exactly two behind a lead of three or more
 * bytes and three behind a lead of four.
 *
 * Included once by a set's file, behind what utf8_blocks.h wants of it, except wrong(), and
 *
 *      look_up(table, v)   each byte of v, 0 to 15, replaced by that of the table of 16
 *      less(v, n)          each byte less n, at least 0
 *
 * The approach is that of John Keiser and Daniel Lemire, "Validating UTF-8 In Less Than One Instruction Per
 * Byte", 2020.
 */
#ifndef BASE_UTF8_PAIRS_H
#define BASE_UTF8_PAIRS_H

#include <stdint.h>

enum {
    SHORT = 1 << 0,      /* a lead, then no continuation */
    STRAY = 1 << 1,      /* ASCII, then a continuation */
    LONG_TWO = 1 << 2,   /* C0 or C1: ASCII in two bytes */
    LONG_THREE = 1 << 3, /* E0 80-9F */
    SURROGATE = 1 << 4,  /* ED A0-BF */
    LONG_FOUR = 1 << 5,  /* F0 80-8F */
    BEYOND_LOW =
        LONG_FOUR,   /* F5-FF 80-8F; they share a bit, as nothing else of F is wrong before 80-8F */
    BEYOND = 1 << 6, /* F4-FF 90-BF */
    PAIR = 1 << 7,   /* two continuations */
};

static const uint8_t first_upper[16] = {
    STRAY,
    STRAY,
    STRAY,
    STRAY,
    STRAY,
    STRAY,
    STRAY,
    STRAY,
    PAIR,
    PAIR,
    PAIR,
    PAIR,
    SHORT | LONG_TWO,
    SHORT,
    SHORT | LONG_THREE | SURROGATE,
    SHORT | LONG_FOUR | BEYOND,
};

/* What does not depend on the half is open in all of it. */
enum { EITHER = SHORT | STRAY | PAIR };

static const uint8_t first_lower[16] = {
    [0x0] = EITHER | LONG_TWO | LONG_THREE | LONG_FOUR,
    [0x1] = EITHER | LONG_TWO,
    [0x2 ... 0x3] = EITHER,
    [0x4] = EITHER | BEYOND,
    [0x5 ... 0xc] = EITHER | BEYOND_LOW | BEYOND,
    [0xd] = EITHER | BEYOND_LOW | BEYOND | SURROGATE,
    [0xe ... 0xf] = EITHER | BEYOND_LOW | BEYOND,
};

enum { CONTINUED = STRAY | LONG_TWO | PAIR };

static const uint8_t second_upper[16] = {
    [0x0 ... 0x7] = SHORT,
    [0x8] = CONTINUED | LONG_THREE | LONG_FOUR,
    [0x9] = CONTINUED | LONG_THREE | BEYOND,
    [0xa ... 0xb] = CONTINUED | SURROGATE | BEYOND,
    [0xc ... 0xf] = SHORT,
};

/* 0 where nothing is. */
static inline vec wrong(const uint8_t *p)
{
    vec second = load(p), first = load(p - 1);
    vec pair = look_up(first_upper, first >> 4) & look_up(first_lower, first & 15) &
               look_up(second_upper, second >> 4);
    vec third = less(load(p - 2), 0xe0 - PAIR), fourth = less(load(p - 3), 0xf0 - PAIR);
    return pair ^ ((third | fourth) & PAIR);
}

#endif
