/* SPDX-License-Identifier: MIT
 *
 * aux/pairs.c - names and values in one text: queries, forms, cookies
 *
 *      query     room=1&name=a%20b&name=c    between '&'; names and values percent-encoded, '+' is a space
 *      cookies   session=abc; theme="dark"   between ';' and spaces; names are as they are
 *
 * A walk takes pairs off the front as they were sent, and never fails; who looks one up decodes that one alone, so that
 * a stranger's bad escape in a parameter that nobody asked for hurts nobody.
 */
#include <errno.h>
#include <string.h>

#include "aux/percent.h"

static weft_bytes cut(weft_bytes *rest, char c)
{
    const uint8_t *at = rest->len ? memchr(rest->data, c, rest->len) : NULL;
    weft_bytes head = *rest;
    if (at) head.len = (size_t)(at - rest->data);
    size_t used = head.len + (at != NULL);
    if (used) rest->data += used, rest->len -= used;
    return head;
}

static weft_bytes trimmed(weft_bytes a)
{
    while (a.len && (a.data[0] == ' ' || a.data[0] == '\t')) a.data++, a.len--;
    while (a.len && (a.data[a.len - 1] == ' ' || a.data[a.len - 1] == '\t')) a.len--;
    return a;
}

static bool has_equals(weft_bytes a)
{
    return memchr(a.data, '=', a.len) != NULL;
}

bool weft_query_next(weft_bytes *rest, weft_field *pair)
{
    while (rest->len) {
        weft_bytes value = cut(rest, '&');
        if (!value.len) continue;
        pair->name = cut(&value, '=');
        pair->value = value;
        return true;
    }
    return false;
}

/* One without '=' is a value that has no name, as browsers send it (RFC 6265bis, 5.8.3). */
bool weft_cookie_next(weft_bytes *rest, weft_field *pair)
{
    while (rest->len) {
        weft_bytes value = trimmed(cut(rest, ';'));
        if (!value.len) continue;
        bool named = has_equals(value);
        pair->name = named ? trimmed(cut(&value, '=')) : (weft_bytes){value.data, 0};
        pair->value = trimmed(value);
        return true;
    }
    return false;
}

/* ---- looking one up -------------------------------------------------------------------------- */

static bool is_called(weft_bytes encoded, const char *name)
{
    while (encoded.len && *name)
        if (percent_next(&encoded, true) != (uint8_t)*name++) return false;
    return !encoded.len && !*name;
}

static bool is(weft_bytes a, const char *text)
{
    return a.len == strlen(text) && (!a.len || memcmp(a.data, text, a.len) == 0);
}

static weft_bytes unquoted(weft_bytes a)
{
    bool quoted = a.len > 1 && a.data[0] == '"' && a.data[a.len - 1] == '"';
    return quoted ? (weft_bytes){a.data + 1, a.len - 2} : a;
}

static int absent(char *out, size_t size)
{
    if (size) out[0] = '\0';
    return -ENOENT;
}

int weft_query_get(weft_bytes query, const char *name, char *out, size_t size)
{
    weft_field pair;
    while (weft_query_next(&query, &pair))
        if (is_called(pair.name, name)) return percent_decode(pair.value, true, out, size);
    return absent(out, size);
}

int weft_cookie_get(weft_bytes cookies, const char *name, char *out, size_t size)
{
    weft_field pair;
    while (weft_cookie_next(&cookies, &pair))
        if (is(pair.name, name)) return percent_decode(unquoted(pair.value), false, out, size);
    return absent(out, size);
}
