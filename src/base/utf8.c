/* SPDX-License-Identifier: MIT
 *
 * base/utf8.c - an automaton, with shortcuts for what is short and ASCII, and for what is long
 *
 * The state says which byte may come next:
 *
 *      START -> ASCII or a lead byte        E0 -> A0-BF -> ONE      F0 -> 90-BF -> TWO
 *      ONE   -> 80-BF -> START              ED -> 80-9F -> ONE      F4 -> 80-8F -> TWO
 *      TWO   -> 80-BF -> ONE
 *      THREE -> 80-BF -> TWO
 *
 * The four on the right keep out overlong forms (E0, F0), surrogates (ED) and what lies above
 * U+10FFFF (F4). BAD leads to BAD.
 *
 * A state is the place of six bits in a word: the word of the byte that comes, shifted by the state, begins
 * with the next state. So a step has no branches, whatever the text.
 *
 * Long text goes to a kernel, which hands back what it cannot decide: the last code point, which may lack
 * its end, or the neighbourhood of a byte that is wrong. The automaton has the last word.
 */
#include "base/utf8.h"

#include <string.h>

#include "base/kernels.h"

/* clang-format off */
enum {
    START, ONE = 6, TWO = 12, THREE = 18, AFTER_E0 = 24, AFTER_ED = 30, AFTER_F0 = 36, AFTER_F4 = 42,
    BAD = 48, STATE_BITS = 63
};

enum class {
    ASCII, TAIL_8, TAIL_9, TAIL_AB, LEAD_2, LEAD_E0, LEAD_3, LEAD_ED, LEAD_F0, LEAD_4, LEAD_F4, NEVER
};
/* clang-format on */

static const uint8_t class_of[256] = {
    [0x00 ... 0x7f] = ASCII,   [0x80 ... 0x8f] = TAIL_8, [0x90 ... 0x9f] = TAIL_9,
    [0xa0 ... 0xbf] = TAIL_AB, [0xc0 ... 0xc1] = NEVER,  [0xc2 ... 0xdf] = LEAD_2,
    [0xe0] = LEAD_E0,          [0xe1 ... 0xec] = LEAD_3, [0xed] = LEAD_ED,
    [0xee ... 0xef] = LEAD_3,  [0xf0] = LEAD_F0,         [0xf1 ... 0xf3] = LEAD_4,
    [0xf4] = LEAD_F4,          [0xf5 ... 0xff] = NEVER,
};

#define ROW(start, one, two, three, e0, ed, f0, f4)                                         \
    ((uint64_t)(start) | (uint64_t)(one) << ONE | (uint64_t)(two) << TWO |                  \
     (uint64_t)(three) << THREE | (uint64_t)(e0) << AFTER_E0 | (uint64_t)(ed) << AFTER_ED | \
     (uint64_t)(f0) << AFTER_F0 | (uint64_t)(f4) << AFTER_F4 | (uint64_t)BAD << BAD)

/* clang-format off */
static const uint64_t next[] = {
    /*              START     ONE    TWO  THREE  E0   ED   F0   F4 */
    [ASCII]   = ROW(START,    BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [TAIL_8]  = ROW(BAD,      START, ONE, TWO,   BAD, ONE, BAD, TWO),
    [TAIL_9]  = ROW(BAD,      START, ONE, TWO,   BAD, ONE, TWO, BAD),
    [TAIL_AB] = ROW(BAD,      START, ONE, TWO,   ONE, BAD, TWO, BAD),
    [LEAD_2]  = ROW(ONE,      BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [LEAD_E0] = ROW(AFTER_E0, BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [LEAD_3]  = ROW(TWO,      BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [LEAD_ED] = ROW(AFTER_ED, BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [LEAD_F0] = ROW(AFTER_F0, BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [LEAD_4]  = ROW(THREE,    BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [LEAD_F4] = ROW(AFTER_F4, BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
    [NEVER]   = ROW(BAD,      BAD,   BAD, BAD,   BAD, BAD, BAD, BAD),
};
/* clang-format on */

static inline utf8_state step(utf8_state s, uint8_t c)
{
    return (utf8_state)(next[class_of[c]] >> s & STATE_BITS);
}

/* ---- ASCII ----------------------------------------------------------------------------------- */

typedef uint64_t pair __attribute__((vector_size(16)));

static inline pair load_pair(const uint8_t *p)
{
    pair v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t load_word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* All bytes of p, some of them twice, into the highest bits of one word. */
static inline uint64_t gathered(const uint8_t *p, size_t n)
{
    if (n >= sizeof(pair)) {
        pair all = load_pair(p + n - sizeof all);
#pragma GCC unroll 4
        for (; n > sizeof all; p += sizeof all, n -= sizeof all) all |= load_pair(p);
        return all[0] | all[1];
    }
    if (n >= sizeof(uint64_t)) return load_word(p) | load_word(p + n - sizeof(uint64_t));
    uint64_t all = 0;
    while (n--) all |= p[n];
    return all;
}

static inline bool is_ascii(const uint8_t *p, size_t n)
{
    return !(gathered(p, n) & 0x8080808080808080u);
}

/* ---- the automaton --------------------------------------------------------------------------- */

static utf8_state walk(utf8_state s, const uint8_t *p, size_t n)
{
    enum { STRIDE = sizeof(pair) };
    for (; n >= STRIDE; p += STRIDE, n -= STRIDE) {
        if (s == START && is_ascii(p, STRIDE)) continue;
        for (size_t i = 0; i < STRIDE; i++) s = step(s, p[i]);
        if (s == BAD) return BAD;
    }
    while (n--) s = step(s, *p++);
    return s;
}

enum {
    SHORT = 256,                                /* below this, looking for ASCII first pays */
    LONG = KERNEL_LOOK_BACK + 3 + KERNEL_BLOCK, /* from here on a kernel can be used, and pays */
};

/* Of LONG bytes or more, as many as a kernel can. Returns where to go on, *state is the one there. */
static size_t leap(utf8_state *state, const uint8_t *p, size_t n)
{
    utf8_state s = *state;
    size_t i = 0;
    do s = step(s, p[i++]);
    while (i < KERNEL_LOOK_BACK || (s != START && s != BAD));
    *state = s;
    return s == START ? kernels_best()->utf8(p, i, n) : i;
}

bool utf8_feed(utf8_state *state, const uint8_t *data, size_t n)
{
    utf8_state s = *state;
    if (n <= SHORT && s == START && is_ascii(data, n)) return true;
    size_t i = n >= LONG ? leap(&s, data, n) : 0;
    s = walk(s, data + i, n - i);
    if (s == BAD) return false;
    *state = s;
    return true;
}

size_t utf8_cut(const uint8_t *text, size_t len, size_t n)
{
    if (len <= n) return len;
    while (n && (text[n] & 0xc0) == 0x80) n--;
    return n;
}

bool weft_utf8_valid(const void *data, size_t len)
{
    utf8_state state = START;
    return utf8_feed(&state, data, len) && state == START;
}
