/* SPDX-License-Identifier: MIT
 *
 * base/base64.h - base64 with padding (RFC 4648, 4)
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <weft/base.h>

#define BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_LEN(len) characters and a NUL. */
void base64_encode(const void *data, size_t len, char *out);

/* Strict: whole groups, padding where it belongs, unused bits zero, nothing else. Writes at most max
 * bytes; returns how many, or -1. */
int base64_decode(weft_bytes text, uint8_t *out, size_t max);

#endif
