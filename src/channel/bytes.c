/* SPDX-License-Identifier: MIT
 *
 * channel/bytes.c - what UTF-8 holds
 */
#include "channel/bytes.h"

size_t bytes_characters(weft_bytes a)
{
    size_t n = 0;
    for (size_t i = 0; i < a.len; i++) n += (a.data[i] & 0xc0) != 0x80;
    return n;
}

/* U+0080 to U+009F are c2 80 to c2 9f. */
bool bytes_have_control(weft_bytes a)
{
    for (size_t i = 0; i < a.len; i++) {
        uint8_t c = a.data[i];
        if (c < 0x20 || c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < a.len && a.data[i + 1] < 0xa0) return true;
    }
    return false;
}
