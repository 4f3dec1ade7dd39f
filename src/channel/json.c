/* SPDX-License-Identifier: MIT
 *
 * channel/json.c - runs of plain bytes are copied whole, and what is between them is escaped
 */
#include "channel/json.h"

#include <stdio.h>

#include <weft/aux.h>

#include "channel/json_plain.h"

/* U+2028 and U+2029 are e2 80 a8 and e2 80 a9. */
static bool ends_line(const uint8_t *p, size_t len)
{
    return len >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);
}

/* Writes the character at p, which is not plain, or its first byte; returns how many bytes that were. */
static size_t add_escaped(struct text *to, const uint8_t *p, size_t len)
{
    char number[8];
    if (ends_line(p, len)) {
        text_add_words(to, p[2] == 0xa8 ? "\\u2028" : "\\u2029");
        return 3;
    }
    switch (*p) {
    case 0xe2: text_add(to, p, 1); break;
    case '"': text_add_words(to, "\\\""); break;
    case '\\': text_add_words(to, "\\\\"); break;
    case '\n': text_add_words(to, "\\n"); break;
    case '\r': text_add_words(to, "\\r"); break;
    case '\t': text_add_words(to, "\\t"); break;
    default: snprintf(number, sizeof number, "\\u%04x", *p); text_add_words(to, number);
    }
    return 1;
}

void json_add_string(struct text *to, weft_bytes text)
{
    const uint8_t *p = text.data;
    size_t left = text.len;
    text_add(to, "\"", 1);
    while (left) {
        size_t n = json_plain_run(p, left);
        text_add(to, p, n);
        p += n, left -= n;
        if (!left) break;
        n = add_escaped(to, p, left);
        p += n, left -= n;
    }
    text_add(to, "\"", 1);
}

void json_add_base64(struct text *to, weft_bytes bytes)
{
    size_t len = WEFT_BASE64_LEN(bytes.len);
    char *out = text_room(to, len + 2);
    if (!out) return;
    *out++ = '"';
    weft_base64_encode(bytes, out);
    out[len] = '"';
    to->len += len + 2;
}
