/* SPDX-License-Identifier: MIT
 *
 * base/sha1.c - SHA-1 of a short message (RFC 3174)
 */
#include "base/sha1.h"

#include <assert.h>

#include "base/bytes.h"

enum { BLOCK = 64, MESSAGE_MAX = 2 * BLOCK - 9 };

static uint32_t rol(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The function and constant of round t (RFC 3174, 5). */
static uint32_t mix(int t, uint32_t b, uint32_t c, uint32_t d)
{
    if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
    if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
    if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
}

static void block(uint32_t h[5], const uint8_t *p)
{
    uint32_t w[80];
    for (int t = 0; t < 16; t++) w[t] = load32(p + 4 * t);
    for (int t = 16; t < 80; t++) w[t] = rol(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int t = 0; t < 80; t++) {
        uint32_t next = rol(a, 5) + mix(t, b, c, d) + e + w[t];
        e = d;
        d = c;
        c = rol(b, 30);
        b = a;
        a = next;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

void sha1(const void *data, size_t len, uint8_t digest[SHA1_LEN])
{
    assert(len <= MESSAGE_MAX);
    uint8_t message[2 * BLOCK] = {0};
    copy(message, data, len);
    message[len] = 0x80;
    size_t blocks = len + 9 <= BLOCK ? 1 : 2;
    message[blocks * BLOCK - 2] = (uint8_t)(len * 8 >> 8);
    message[blocks * BLOCK - 1] = (uint8_t)(len * 8);

    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (size_t i = 0; i < blocks; i++) block(h, message + i * BLOCK);
    for (int i = 0; i < SHA1_LEN; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
