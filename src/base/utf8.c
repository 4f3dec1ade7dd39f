/* SPDX-License-Identifier: MIT
 *
 * base/utf8.c - a small automaton, with a fast path for ASCII
 *
 * The state says which byte may come next:
 *
 *      START -> ASCII or a lead byte        E0 -> A0-BF -> ONE      F0 -> 90-BF -> TWO
 *      ONE   -> 80-BF -> START              ED -> 80-9F -> ONE      F4 -> 80-8F -> TWO
 *      TWO   -> 80-BF -> ONE
 *      THREE -> 80-BF -> TWO
 *
 * The four on the right keep out overlong forms (E0, F0), surrogates (ED) and what lies above
 * U+10FFFF (F4).
 */
#include "base/utf8.h"

#include <string.h>

enum { START, ONE, TWO, THREE, AFTER_E0, AFTER_ED, AFTER_F0, AFTER_F4, BAD };

static const struct {
    uint8_t low, high, next;
} follow[] = {
    [ONE] = {0x80, 0xbf, START},    [TWO] = {0x80, 0xbf, ONE},      [THREE] = {0x80, 0xbf, TWO},
    [AFTER_E0] = {0xa0, 0xbf, ONE}, [AFTER_ED] = {0x80, 0x9f, ONE}, [AFTER_F0] = {0x90, 0xbf, TWO},
    [AFTER_F4] = {0x80, 0x8f, TWO},
};

static utf8_state lead(uint8_t c)
{
    if (c < 0x80) return START;
    if (c < 0xc2) return BAD;
    if (c < 0xe0) return ONE;
    if (c < 0xf0) return c == 0xe0 ? AFTER_E0 : c == 0xed ? AFTER_ED : TWO;
    if (c > 0xf4) return BAD;
    return c == 0xf0 ? AFTER_F0 : c == 0xf4 ? AFTER_F4 : THREE;
}

static utf8_state step(utf8_state state, uint8_t c)
{
    if (state == START) return lead(c);
    return c >= follow[state].low && c <= follow[state].high ? follow[state].next : BAD;
}

static size_t ascii_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        if (word & 0x8080808080808080u) break;
    }
    while (i < n && p[i] < 0x80) i++;
    return i;
}

bool utf8_feed(utf8_state *state, const uint8_t *data, size_t n)
{
    utf8_state s = *state;
    for (size_t i = 0; i < n; i++) {
        if (s == START) i += ascii_run(data + i, n - i);
        if (i == n) break;
        s = step(s, data[i]);
        if (s == BAD) return false;
    }
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
