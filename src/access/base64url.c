/* SPDX-License-Identifier: MIT
 *
 * access/base64url.c - two other letters, and padding: then it is the library's
 */
#include "access/base64url.h"

#include <string.h>

#include <weft/aux.h>

/* The letter of plain base64; 0: it is none of this alphabet. */
static char plain(char c)
{
    if (c == '-') return '+';
    if (c == '_') return '/';
    return c == '+' || c == '/' || c == '=' ? '\0' : c;
}

ptrdiff_t base64url_decode(weft_bytes text, void *out)
{
    char *to = out;
    size_t n = 0;
    if (text.len % 4 == 1) return -1;
    for (; n < text.len; n++)
        if (!(to[n] = plain((char)text.data[n]))) return -1;
    while (n % 4) to[n++] = '=';
    return weft_base64_decode((weft_bytes){out, n}, out);
}

size_t base64url_encode(weft_bytes bytes, char *out)
{
    size_t len = BASE64URL_LEN(bytes.len);
    weft_base64_encode(bytes, out);
    for (size_t i = 0; i < len; i++) {
        if (out[i] == '+') out[i] = '-';
        if (out[i] == '/') out[i] = '_';
    }
    out[len] = '\0';
    return len;
}
