/* SPDX-License-Identifier: MIT
 *
 * cli/base64.h - bytes as text (RFC 4648, 4), with padding
 */
#ifndef CLI_BASE64_H
#define CLI_BASE64_H

#include <weft/base.h>

/* Room for so many bytes as text, with its NUL; and for so many characters as bytes. */
#define BASE64_TEXT(n)  (((n) + 2) / 3 * 4 + 1)
#define BASE64_BYTES(n) ((n) / 4 * 3)

/* The length; a NUL is behind it. */
size_t base64_write(char *out, weft_bytes in);

/* Strictly: padding, unused bits zero, nothing else. false: it is not that. */
bool base64_read(uint8_t *out, size_t *len, weft_bytes text);

#endif
