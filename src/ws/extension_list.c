/* SPDX-License-Identifier: MIT
 *
 * ws/extension_list.c - cut at commas, semicolons and equals signs, and each part is a token
 */
#include "ws/extension_list.h"

#include "base/chars.h"

struct elements extension_list(const weft_field *fields, size_t n)
{
    struct elements e = elements_of(fields, n, "Sec-WebSocket-Extensions");
    e.quoted = true;
    return e;
}

bool extension_cut(weft_bytes *rest, char c, weft_bytes *before)
{
    size_t len = rest->len;
    *before = bytes_cut_unquoted(rest, c);
    bool there = before->len < len;
    *before = bytes_trim(*before);
    return there;
}

static bool is_quoted(weft_bytes value)
{
    return value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"';
}

/* Without the quotes, and the backslashes (RFC 9110, 5.6.4). */
static size_t unquote(weft_bytes value, uint8_t *to, size_t max)
{
    size_t len = 0, end = value.len - 1;
    for (size_t i = 1; i < end; i++) {
        if (value.data[i] == '\\') i++;
        if (i == end || !(char_class[value.data[i]] & CHAR_TOKEN)) return 0;
        if (len < max) to[len] = value.data[i];
        len++;
    }
    return len;
}

size_t extension_value(weft_bytes value, uint8_t *to, size_t max)
{
    if (is_quoted(value)) return unquote(value, to, max);
    if (!bytes_is_token(value)) return 0;
    copy(to, value.data, value.len < max ? value.len : max);
    return value.len;
}

static bool parameter_valid(weft_bytes text)
{
    weft_bytes name, value = text;
    bool has_value = extension_cut(&value, '=', &name);
    if (!bytes_is_token(name)) return false;
    return !has_value || extension_value(bytes_trim(value), NULL, 0) > 0;
}

static bool extension_valid(weft_bytes text)
{
    weft_bytes part;
    bool more = extension_cut(&text, ';', &part), valid = bytes_is_token(part);
    while (more && valid) {
        more = extension_cut(&text, ';', &part);
        valid = parameter_valid(part);
    }
    return valid;
}

bool extension_list_valid(const weft_field *fields, size_t n)
{
    struct elements e = extension_list(fields, n);
    for (weft_bytes text; elements_next(&e, &text);)
        if (!extension_valid(text)) return false;
    return true;
}
