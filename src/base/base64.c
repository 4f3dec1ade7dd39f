/* SPDX-License-Identifier: MIT
 *
 * base/base64.c - three bytes are four characters; only the last group may have less
 */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- writing --------------------------------------------------------------------------------- */

static void write_group(char *out, uint32_t bits)
{
    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = alphabet[bits >> 6 & 63];
    out[3] = alphabet[bits & 63];
}

/* One or two bytes. */
static void write_last(char *out, const uint8_t *p, size_t n)
{
    write_group(out, (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0));
    out[3] = '=';
    if (n == 1) out[2] = '=';
}

void weft_base64_encode(weft_bytes bytes, char *out)
{
    const uint8_t *p = bytes.data;
    size_t left = bytes.len;
    for (; left >= 3; p += 3, left -= 3, out += 4)
        write_group(out, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
    if (!left) return;
    write_last(out, p, left);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What a character stands for; 64 or more: it is none of the alphabet. */
static uint32_t digit_of(uint8_t c)
{
    static const uint8_t digits['z' - '+' + 1] = {
        62, 99, 99, 99, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 99, /* + to : */
        99, 99, 99, 99, 99, 99, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  /* ; to J */
        10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, /* K to Z */
        99, 99, 99, 99, 99, 99, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, /* [ to j */
        36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, /* k to z */
    };
    return c >= '+' && c <= 'z' ? digits[c - '+'] : 99;
}

/* The 24 bits of a group, of which the last pad characters are '='. false: it is none. */
static bool read_group(const uint8_t *p, size_t pad, uint32_t *bits)
{
    uint32_t a = digit_of(p[0]), b = digit_of(p[1]);
    uint32_t c = pad > 1 ? 0 : digit_of(p[2]), d = pad ? 0 : digit_of(p[3]);
    *bits = a << 18 | b << 12 | c << 6 | d;
    return (a | b | c | d) < 64;
}

static size_t padding(weft_bytes text)
{
    if (text.data[text.len - 1] != '=') return 0;
    return text.data[text.len - 2] == '=' ? 2 : 1;
}

static void write_bytes(uint8_t *out, uint32_t bits, size_t n)
{
    out[0] = (uint8_t)(bits >> 16);
    if (n > 1) out[1] = (uint8_t)(bits >> 8);
    if (n > 2) out[2] = (uint8_t)bits;
}

ptrdiff_t base64_decode(weft_bytes text, void *out, enum base64_unused unused)
{
    uint8_t *to = out;
    uint32_t bits;
    size_t i = 0, n = 0;
    if (!text.len) return 0;
    if (text.len % 4) return -1;
    size_t pad = padding(text);
    for (; i + 4 < text.len; i += 4, n += 3) {
        if (!read_group(text.data + i, 0, &bits)) return -1;
        write_bytes(to + n, bits, 3);
    }
    if (!read_group(text.data + i, pad, &bits)) return -1;
    if (unused == BASE64_ZERO && bits & ((1u << 8 * pad) - 1)) return -1;
    write_bytes(to + n, bits, 3 - pad);
    return (ptrdiff_t)(n + 3 - pad);
}

ptrdiff_t weft_base64_decode(weft_bytes text, void *out)
{
    return base64_decode(text, out, BASE64_ZERO);
}
