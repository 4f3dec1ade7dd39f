/* SPDX-License-Identifier: MIT
 *
 * access/base64url.h - base64 for URLs, without padding (RFC 4648, 5), as JOSE has it
 */
#ifndef ACCESS_BASE64URL_H
#define ACCESS_BASE64URL_H

#include <weft/base.h>

#define BASE64URL_LEN(n) (((n)*4 + 2) / 3)

/* Strict: no padding, unused bits zero, nothing else. out has room for text.len + 3 bytes. Returns how many bytes there
 * are, or -1. */
ptrdiff_t base64url_decode(weft_bytes text, void *out);

/* Writes BASE64URL_LEN(bytes.len) characters and a NUL; out has room for WEFT_BASE64_LEN(bytes.len) + 1. */
size_t base64url_encode(weft_bytes bytes, char *out);

#endif
