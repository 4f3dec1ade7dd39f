/* SPDX-License-Identifier: MIT
 *
 * tests/base/utf8_reference.h - UTF-8 slowly: decode, then ask whether that is the shortest form of a
 * scalar value (RFC 3629, 3)
 */
#ifndef TESTS_UTF8_REFERENCE_H
#define TESTS_UTF8_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* By the lead byte; 0 if it is none. */
static inline size_t reference_length(uint8_t lead)
{
    if (lead < 0x80) return 1;
    if (lead >> 5 == 6) return 2;
    if (lead >> 4 == 14) return 3;
    return lead >> 3 == 30 ? 4 : 0;
}

/* Bytes of the code point that p begins with, or 0 if it is none, or not all there. */
static inline size_t reference_point(const uint8_t *p, size_t n)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t len = reference_length(p[0]);
    if (!len || len > n) return 0;
    uint32_t value = p[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        value = value << 6 | (p[i] & 0x3f);
    }
    bool surrogate = value >= 0xd800 && value < 0xe000;
    return value >= least[len] && value <= 0x10ffff && !surrogate ? len : 0;
}

/* Bytes of the whole code points that p begins with. */
static inline size_t reference_points(const uint8_t *p, size_t n)
{
    size_t at = 0;
    for (size_t len; at < n && (len = reference_point(p + at, n - at));) at += len;
    return at;
}

static inline bool reference_is_text(const uint8_t *p, size_t n)
{
    return reference_points(p, n) == n;
}

/* Whether bytes could follow that make it text: of a last code point, the lowest or the highest. */
static inline bool reference_is_viable(const uint8_t *p, size_t n)
{
    size_t at = reference_points(p, n), left = n - at;
    if (!left) return true;
    size_t len = reference_length(p[at]);
    if (len <= left) return false;
    uint8_t low[4] = {0x80, 0x80, 0x80, 0x80}, high[4] = {0xbf, 0xbf, 0xbf, 0xbf};
    memcpy(low, p + at, left);
    memcpy(high, p + at, left);
    return reference_point(low, len) || reference_point(high, len);
}

#endif
