/* SPDX-License-Identifier: MIT
 *
 * channel/bytes.h - borrowed bytes: compared, cut, and looked at as text
 */
#ifndef CHANNEL_BYTES_H
#define CHANNEL_BYTES_H

#include <string.h>
#include <strings.h>

#include <weft/base.h>

static inline weft_bytes bytes_of_text(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static inline bool bytes_same(weft_bytes a, weft_bytes b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool bytes_are(weft_bytes a, const char *text)
{
    return bytes_same(a, bytes_of_text(text));
}

/* Letters of ASCII compare without case. */
static inline bool bytes_are_nocase(weft_bytes a, const char *text)
{
    return a.len == strlen(text) && (!a.len || strncasecmp((const char *)a.data, text, a.len) == 0);
}

static inline bool bytes_begin(weft_bytes a, const char *text)
{
    size_t n = strlen(text);
    return a.len >= n && memcmp(a.data, text, n) == 0;
}

/* Without the first n of them. */
static inline weft_bytes bytes_behind(weft_bytes a, size_t n)
{
    return n ? (weft_bytes){a.data + n, a.len - n} : a;
}

/* Without spaces and tabs at both ends. */
static inline weft_bytes bytes_trimmed(weft_bytes a)
{
    while (a.len && (a.data[0] == ' ' || a.data[0] == '\t')) a.data++, a.len--;
    while (a.len && (a.data[a.len - 1] == ' ' || a.data[a.len - 1] == '\t')) a.len--;
    return a;
}

/* Of UTF-8: characters, and whether one of them is a control character (U+0000 to U+001F, U+007F to U+009F). */
size_t bytes_characters(weft_bytes a);
bool bytes_have_control(weft_bytes a);

/* For the form "%.*s". */
#define BYTES_TEXT(bytes) (int)(bytes).len, (bytes).len ? (const char *)(bytes).data : ""

#endif
