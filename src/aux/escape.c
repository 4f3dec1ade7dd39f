/* SPDX-License-Identifier: MIT
 *
 * aux/escape.c - strangers' bytes in a line of a log
 */
#include <weft/aux.h>

/* All that a terminal or a reader of logs could take for more than a character is outside of these. */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

size_t weft_escape(char *out, size_t size, weft_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    if (!size) return 0;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        size_t wide = is_plain(c) ? 1 : 4;
        if (wide >= size - n) break;
        out[n] = (char)c;
        if (wide == 4)
            out[n] = '\\', out[n + 1] = 'x', out[n + 2] = digits[c >> 4],
            out[n + 3] = digits[c & 15];
        n += wide;
    }
    out[n] = '\0';
    return n;
}
