/* SPDX-License-Identifier: MIT
 *
 * base/bytes.c - what is a token and a value in HTTP, and its quoted strings (RFC 9110, 5.5 and 5.6)
 */
#include "base/bytes.h"

#include "base/chars.h"

bool bytes_is_token(weft_bytes a)
{
    return a.len > 0 && char_run(CHAR_TOKEN, a.data, a.len) == a.len;
}

/* Eight bytes at once: false if one of them is below 0x20, or DEL. What is less than n borrows from the top bit of its
 * place when n is taken from it; bytes that have that bit themselves, obs-text, are left out. */
static bool is_plain(const uint8_t *data)
{
    const uint64_t ones = UINT64_MAX / 255, tops = 128 * ones;
    uint64_t eight;
    memcpy(&eight, data, sizeof eight);
    uint64_t low = (eight - 0x20 * ones) & ~eight, del = eight ^ 0x7f * ones;
    return !((low | ((del - ones) & ~del)) & tops);
}

bool bytes_is_field_value(weft_bytes a)
{
    while (a.len >= 8 && is_plain(a.data)) a = bytes_from(a, 8);
    return char_run(CHAR_VALUE, a.data, a.len) == a.len;
}

weft_bytes bytes_cut_unquoted(weft_bytes *rest, char c)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len; i++) {
        uint8_t at = rest->data[i];
        if (at == '"') quoted = !quoted;
        else if (at == '\\' && quoted) i++;
        else if (at == c && !quoted) break;
    }
    weft_bytes head = {rest->data, i < rest->len ? i : rest->len};
    *rest = bytes_from(*rest, i < rest->len ? i + 1 : rest->len);
    return head;
}
