/* SPDX-License-Identifier: MIT
 *
 * aux/percent.c - percent-encoding, there and back
 */
#include <errno.h>

#include "aux/percent.h"

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* What "%41" stands for; negative: it is none. */
static int escaped(uint8_t first, uint8_t second)
{
    int high = hex(first), low = hex(second);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int percent_next(weft_bytes *text, bool plus)
{
    const uint8_t *at = text->data;
    size_t used = at[0] == '%' ? 3 : 1;
    if (text->len < used) return WEFT_ERR_HTTP;
    int c = plus && at[0] == '+' ? ' ' : at[0];
    if (used == 3) c = escaped(at[1], at[2]);
    text->data += used;
    text->len -= used;
    return c > 0 ? c : WEFT_ERR_HTTP;
}

/* After an error the caller has an empty text, and no half of one. */
static int failed(int error, char *out, size_t size)
{
    if (size) out[0] = '\0';
    return error;
}

int percent_decode(weft_bytes text, bool plus, char *out, size_t size)
{
    size_t n = 0;
    while (text.len) {
        int c = percent_next(&text, plus);
        if (c < 0) return failed(c, out, size);
        if (n < size) out[n] = (char)c;
        n++;
    }
    if (n >= size) return failed(-ENOSPC, out, size);
    out[n] = '\0';
    return (int)n;
}

int weft_percent_decode(weft_bytes text, char *out, size_t size)
{
    return percent_decode(text, false, out, size);
}

int weft_form_decode(weft_bytes text, char *out, size_t size)
{
    return percent_decode(text, true, out, size);
}

/* RFC 3986, 2.3 */
static bool is_unreserved(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

int weft_percent_encode(weft_bytes text, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        size_t wide = is_unreserved(c) ? 1 : 3;
        if (wide >= size - n) return failed(-ENOSPC, out, size);
        out[n] = (char)c;
        if (wide == 3) out[n] = '%', out[n + 1] = digits[c >> 4], out[n + 2] = digits[c & 15];
        n += wide;
    }
    if (!size) return -ENOSPC;
    out[n] = '\0';
    return (int)n;
}
