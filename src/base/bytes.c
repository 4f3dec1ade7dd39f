/* SPDX-License-Identifier: MIT
 *
 * base/bytes.c - the character classes of HTTP and its quoted strings (RFC 9110, 5.5 and 5.6)
 */
#include "base/bytes.h"

bool is_token_char(uint8_t c)
{
    if ((c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z')) return true;
    return c && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool bytes_is_token(weft_bytes a)
{
    for (size_t i = 0; i < a.len; i++)
        if (!is_token_char(a.data[i])) return false;
    return a.len > 0;
}

bool bytes_is_field_value(weft_bytes a)
{
    for (size_t i = 0; i < a.len; i++)
        if ((a.data[i] < 0x20 && a.data[i] != '\t') || a.data[i] == 0x7f) return false;
    return true;
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
