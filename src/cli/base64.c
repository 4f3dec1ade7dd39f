/* SPDX-License-Identifier: MIT
 *
 * cli/base64.c - three bytes are four characters
 */
#include "cli/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_write(char *out, weft_bytes in)
{
    size_t n = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t left = in.len - i;
        uint32_t three = (uint32_t)in.data[i] << 16;
        if (left > 1) three |= (uint32_t)in.data[i + 1] << 8;
        if (left > 2) three |= in.data[i + 2];
        out[n++] = alphabet[three >> 18];
        out[n++] = alphabet[three >> 12 & 63];
        out[n++] = left > 1 ? alphabet[three >> 6 & 63] : '=';
        out[n++] = left > 2 ? alphabet[three & 63] : '=';
    }
    out[n] = '\0';
    return n;
}

/* How many characters at the end say that there are fewer bytes. */
static size_t padding(weft_bytes text)
{
    if (!text.len || text.data[text.len - 1] != '=') return 0;
    return text.data[text.len - 2] == '=' ? 2 : 1;
}

static bool digit(uint8_t c, uint32_t *out)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    if (at) *out = *out << 6 | (uint32_t)(at - alphabet);
    return at;
}

bool base64_read(uint8_t *out, size_t *len, weft_bytes text)
{
    *len = 0;
    if (text.len % 4) return false;
    size_t pad = padding(text);
    for (size_t i = 0; i < text.len; i += 4) {
        size_t absent = i + 4 == text.len ? pad : 0;
        uint32_t three = 0;
        for (size_t k = 0; k < 4 - absent; k++)
            if (!digit(text.data[i + k], &three)) return false;
        three <<= 6 * absent;
        if (absent && three & ((1u << 8 * absent) - 1)) return false;
        for (size_t k = 0; k < 3 - absent; k++) out[(*len)++] = (uint8_t)(three >> (16 - 8 * k));
    }
    return true;
}
