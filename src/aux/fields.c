/* SPDX-License-Identifier: MIT
 *
 * aux/fields.c - questions about header fields
 */
#include <string.h>
#include <strings.h>

#include <weft/aux.h>
#include <weft/handshake.h>

/* Names and tokens: without case. */
static bool is(weft_bytes a, const char *text, size_t len)
{
    return a.len == len && (!len || strncasecmp((const char *)a.data, text, len) == 0);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

weft_bytes weft_auth_token(weft_bytes field, const char *scheme)
{
    size_t n = strlen(scheme);
    bool fits =
        field.len > n && is((weft_bytes){field.data, n}, scheme, n) && is_blank(field.data[n]);
    if (!fits) return (weft_bytes){0};
    while (n < field.len && is_blank(field.data[n])) n++;
    return (weft_bytes){field.data + n, field.len - n};
}

/* Whether a list, its elements between commas, has this token. */
static bool lists(weft_bytes list, weft_bytes token)
{
    for (weft_bytes element; weft_token_next(&list, &element);)
        if (is(element, (const char *)token.data, token.len)) return true;
    return false;
}

bool weft_field_is_hop(const weft_field *fields, size_t n, weft_bytes name)
{
    static const char *const always[] = {
        "Connection",       "Keep-Alive",         "TE",
        "Trailer",          "Transfer-Encoding",  "Upgrade",
        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (is(name, always[i], strlen(always[i]))) return true;
    for (size_t i = 0; i < n; i++)
        if (is(fields[i].name, "Connection", 10) && lists(fields[i].value, name)) return true;
    return false;
}
