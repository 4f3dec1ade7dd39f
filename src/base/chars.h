/* SPDX-License-Identifier: MIT
 *
 * base/chars.h - the character classes of HTTP as one table, for parsers that look at every byte
 */
#ifndef BASE_CHARS_H
#define BASE_CHARS_H

#include <weft/base.h>

enum {
    CHAR_TOKEN = 1,  /* tchar (RFC 9110, 5.6.2) */
    CHAR_TARGET = 2, /* in a request's target or a URL: visible ASCII but '#' */
    CHAR_VALUE = 4,  /* in a field's value: visible ASCII, space, tab, obs-text (RFC 9110, 5.5) */
    CHAR_HOST = 8,   /* in a host name: unreserved (RFC 3986, 2.3) */
    CHAR_SUB = 16,   /* sub-delims (RFC 3986, 2.2) */
};

extern const uint8_t char_class[256];

/* How many bytes at the front are of one of these classes. */
static inline size_t char_run(uint8_t classes, const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && (char_class[data[n]] & classes)) n++;
    return n;
}

/* The value of a hexadecimal digit, or -1. */
static inline int char_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

#endif
