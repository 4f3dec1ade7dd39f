/* SPDX-License-Identifier: MIT
 *
 * access/text.h - borrowed bytes, looked at
 */
#ifndef ACCESS_TEXT_H
#define ACCESS_TEXT_H

#include <string.h>

#include <weft/base.h>

static inline weft_bytes text_of(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static inline bool text_equal(weft_bytes a, weft_bytes b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool text_is(weft_bytes a, const char *b)
{
    return text_equal(a, text_of(b));
}

static inline bool text_begins(weft_bytes a, weft_bytes with)
{
    return a.len >= with.len && (!with.len || memcmp(a.data, with.data, with.len) == 0);
}

static inline weft_bytes text_behind(weft_bytes a, size_t n)
{
    return (weft_bytes){a.data ? a.data + n : NULL, a.len - n};
}

/* Take what stands in front of the separator off the front, and the separator: all of it, where there is none. */
weft_bytes text_cut(weft_bytes *rest, char separator);

/* Without white space at either end. */
weft_bytes text_trimmed(weft_bytes a);

/* Digits only, and less than 2^53. */
bool text_number(weft_bytes a, uint64_t *out);

/* UTF-8 without control characters. */
bool text_is_plain(weft_bytes a);

#endif
