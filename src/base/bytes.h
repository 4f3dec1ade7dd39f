/* SPDX-License-Identifier: MIT
 *
 * base/bytes.h - small things to do with borrowed bytes
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <string.h>

#include <weft/base.h>

/* memcpy that allows n == 0 with any pointers. */
static inline void copy(void *to, const void *from, size_t n)
{
    if (n) memcpy(to, from, n);
}

static inline weft_bytes bytes_of(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static inline uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline bool bytes_equal(weft_bytes a, weft_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
static inline bool bytes_equal_nocase(weft_bytes a, weft_bytes b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i])) return false;
    return true;
}

static inline bool bytes_is(weft_bytes a, const char *text)
{
    return bytes_equal(a, bytes_of(text));
}

static inline bool bytes_is_nocase(weft_bytes a, const char *text)
{
    return bytes_equal_nocase(a, bytes_of(text));
}

static inline weft_bytes bytes_from(weft_bytes a, size_t offset)
{
    return (weft_bytes){offset ? a.data + offset : a.data, a.len - offset};
}

/* Without spaces and tabs at either end (OWS of RFC 9110, 5.6.3). */
static inline weft_bytes bytes_trim(weft_bytes a)
{
    while (a.len && (a.data[0] == ' ' || a.data[0] == '\t')) a.data++, a.len--;
    while (a.len && (a.data[a.len - 1] == ' ' || a.data[a.len - 1] == '\t')) a.len--;
    return a;
}

/* What stands before the first c, which is cut off rest together with c; everything if there is none. */
static inline weft_bytes bytes_cut(weft_bytes *rest, char c)
{
    const uint8_t *at = rest->len ? memchr(rest->data, c, rest->len) : NULL;
    weft_bytes head = *rest;
    if (at) head.len = (size_t)(at - rest->data);
    size_t used = head.len + (at ? 1 : 0);
    if (used) rest->data += used, rest->len -= used;
    return head;
}

/* The same from the end: what stands behind the last c. */
static inline weft_bytes bytes_cut_last(weft_bytes *rest, char c)
{
    size_t at = rest->len;
    while (at && rest->data[at - 1] != (uint8_t)c) at--;
    weft_bytes tail = bytes_from(*rest, at);
    rest->len = at ? at - 1 : 0;
    return tail;
}

/* Like bytes_cut, but what stands in a quoted-string does not count (RFC 9110, 5.6.4). */
weft_bytes bytes_cut_unquoted(weft_bytes *rest, char c);

static inline void span_skip(weft_span *s, size_t n)
{
    if (n) s->data += n, s->len -= n;
}

/* One or more tchar of RFC 9110, 5.6.2. */
bool bytes_is_token(weft_bytes a);

/* Can stand as a field value: visible ASCII, space, tab, obs-text; so no CR, LF, NUL. */
bool bytes_is_field_value(weft_bytes a);

#endif
