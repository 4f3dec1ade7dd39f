/* SPDX-License-Identifier: MIT
 *
 * cli/escape.c - strangers' bytes, made harmless for the place where they are shown
 *
 * Text is walked code point by code point; a byte that does not begin a valid one stands for itself,
 * escaped.
 */
#include "cli/escape.h"

/* The code point at the start of text and its length; a length of 0 when it is not UTF-8. */
static size_t decode(weft_bytes text, uint32_t *point)
{
    uint8_t lead = text.data[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (len > text.len || !weft_utf8_valid(text.data, len)) return 0;

    static const uint8_t lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    *point = lead & lead_bits[len];
    for (size_t i = 1; i < len; i++) *point = *point << 6 | (text.data[i] & 0x3F);
    return len;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

/* Marks, embeddings, overrides and isolates (Unicode TR9), and the line separators. */
static bool turns_writing(uint32_t point)
{
    return point == 0x061C || point == 0x200E || point == 0x200F ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

static bool ends_line(weft_bytes text)
{
    return text.len >= 2 && text.data[0] == '\r' && text.data[1] == '\n';
}

void escape_terminal(FILE *to, weft_bytes text, const char *indent)
{
    while (text.len) {
        uint32_t point = text.data[0];
        size_t len = decode(text, &point);
        if (ends_line(text)) len = 2;
        if (point == '\n' || ends_line(text)) fprintf(to, "\n%s", indent);
        else if (point == '\t') fputc('\t', to);
        else if (len == 0 || is_control(point)) fprintf(to, "\\x%02x", (unsigned)point);
        else if (turns_writing(point)) fprintf(to, "\\u%04x", (unsigned)point);
        else fwrite(text.data, 1, len, to);

        size_t step = len ? len : 1;
        text.data += step;
        text.len -= step;
    }
}

void escape_json(FILE *to, weft_bytes text)
{
    fputc('"', to);
    while (text.len) {
        uint32_t point = text.data[0];
        size_t len = decode(text, &point);
        if (point == '"' || point == '\\') fprintf(to, "\\%c", (int)point);
        else if (len == 0) fputs("\\ufffd", to);
        else if (is_control(point) || turns_writing(point)) fprintf(to, "\\u%04x", (unsigned)point);
        else fwrite(text.data, 1, len, to);

        size_t step = len ? len : 1;
        text.data += step;
        text.len -= step;
    }
    fputc('"', to);
}
