/* SPDX-License-Identifier: MIT
 *
 * access/text.c - cut, trimmed, read as a number
 */
#include "access/text.h"

weft_bytes text_cut(weft_bytes *rest, char separator)
{
    weft_bytes first = *rest;
    const uint8_t *at = first.len ? memchr(first.data, separator, first.len) : NULL;
    if (at) first.len = (size_t)(at - first.data);
    *rest = text_behind(*rest, first.len + (at != NULL));
    return first;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

weft_bytes text_trimmed(weft_bytes a)
{
    while (a.len && is_space(a.data[0])) a = text_behind(a, 1);
    while (a.len && is_space(a.data[a.len - 1])) a.len--;
    return a;
}

bool text_number(weft_bytes a, uint64_t *out)
{
    uint64_t n = 0;
    if (!a.len || a.len > 15) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.data[i] < '0' || a.data[i] > '9') return false;
        n = 10 * n + (a.data[i] - '0');
    }
    *out = n;
    return true;
}

/* C0, DEL, and C1, which is two bytes in UTF-8. */
bool text_is_plain(weft_bytes a)
{
    for (size_t i = 0; i < a.len; i++) {
        if (a.data[i] < 0x20 || a.data[i] == 0x7f) return false;
        if (a.data[i] == 0xc2 && i + 1 < a.len && a.data[i + 1] < 0xa0) return false;
    }
    return weft_utf8_valid(a.data, a.len);
}
