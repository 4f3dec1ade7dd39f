/* SPDX-License-Identifier: MIT
 *
 * base/base64.h - base64 with padding (RFC 4648, 4)
 *
 * For keys of the opening handshake and for credentials; and weft_base64_encode and _decode (weft/aux.h), which are the
 * same for programs.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <weft/aux.h>

/* The bits that the last character has and no byte needs (RFC 4648, 3.5): zero, or they are not looked at, because the
 * example of a key in RFC 6455, 4.1, has some that are not. */
enum base64_unused { BASE64_ZERO, BASE64_ANY };

/* Strict but for those: whole groups, padding where it belongs, nothing else. Writes at most three bytes for four
 * characters, and may do so in the place of the text. Returns how many bytes there are, or -1. */
ptrdiff_t base64_decode(weft_bytes text, void *out, enum base64_unused unused);

/* weft_base64_encode, and a NUL behind it. */
static inline void base64_encode(const void *data, size_t len, char *out)
{
    weft_base64_encode((weft_bytes){data, len}, out);
    out[WEFT_BASE64_LEN(len)] = 0;
}

#endif
