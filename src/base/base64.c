/* SPDX-License-Identifier: MIT
 *
 * base/base64.c - base64 (RFC 4648, 4): three bytes are four characters
 */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t len, char *out)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)p[i] << 16;
        if (i + 1 < len) group |= (uint32_t)p[i + 1] << 8;
        if (i + 2 < len) group |= p[i + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
        *out++ = i + 2 < len ? alphabet[group & 63] : '=';
    }
    *out = 0;
}

static int value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many of the last group's characters are padding: 0, 1 or 2. */
static size_t padding(weft_bytes text)
{
    if (text.data[text.len - 1] != '=') return 0;
    return text.data[text.len - 2] == '=' ? 2 : 1;
}

int base64_decode(weft_bytes text, uint8_t *out, size_t max)
{
    if (text.len % 4) return -1;
    if (!text.len) return 0;
    size_t len = text.len / 4 * 3 - padding(text);
    if (len > max) return -1;
    uint32_t bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool pad = i >= text.len - padding(text);
        int v = pad ? 0 : value(text.data[i]);
        if (v < 0) return -1;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 != 3) continue;
        for (int shift = 16; shift >= 0; shift -= 8) {
            uint8_t byte = (uint8_t)(bits >> shift);
            if (n < len) out[n++] = byte;
        }
        bits = 0;
    }
    return (int)len;
}
