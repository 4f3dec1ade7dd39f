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

/* Code points that show nothing, or turn the direction of writing: Unicode's Default_Ignorable_Code_Point (those that
 * nobody has a use for yet included), the line separators, and what annotates. In order. */
static const struct range {
    uint32_t first, last;
} unseen[] = {
    {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C}, {0x115F, 0x1160}, {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
    {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool is_unseen(uint32_t point)
{
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++)
        if (point <= unseen[i].last) return point >= unseen[i].first;
    return false;
}

/* Persian words and many emoji have one of these behind a character that is seen: joiners, and how to show it. */
static bool belongs_to(uint32_t point, uint32_t before)
{
    bool joins = point == 0x200C || point == 0x200D || point == 0xFE0E || point == 0xFE0F;
    bool emoji = before == 0xFE0F && point == 0x200D;
    return joins && (emoji || (before > 0xA0 && !is_unseen(before)));
}

static bool ends_line(weft_bytes text)
{
    return text.len >= 2 && text.data[0] == '\r' && text.data[1] == '\n';
}

static void print_escaped(FILE *to, uint32_t point)
{
    if (point < 0x100) fprintf(to, "\\x%02x", (unsigned)point);
    else fprintf(to, point < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)point);
}

void escape_terminal(FILE *to, weft_bytes text, const char *indent)
{
    uint32_t before = 0;
    while (text.len) {
        uint32_t point = text.data[0];
        size_t len = decode(text, &point);
        bool ends = ends_line(text);
        if (ends) len = 2;
        bool hidden = is_unseen(point) && !belongs_to(point, before);
        if (point == '\n' || ends) fprintf(to, "\n%s", indent);
        else if (point == '\t') fputc('\t', to);
        else if (len == 0 || is_control(point) || hidden) print_escaped(to, point);
        else fwrite(text.data, 1, len, to);

        before = len ? point : 0;
        size_t step = len ? len : 1;
        text.data += step;
        text.len -= step;
    }
}

/* As two surrogates, where it takes that. */
static void print_json_escaped(FILE *to, uint32_t point)
{
    if (point >= 0x10000) {
        fprintf(to, "\\u%04x", (unsigned)(0xD800 + ((point - 0x10000) >> 10)));
        point = 0xDC00 + (point & 0x3FF);
    }
    fprintf(to, "\\u%04x", (unsigned)point);
}

void escape_json(FILE *to, weft_bytes text)
{
    fputc('"', to);
    while (text.len) {
        uint32_t point = text.data[0];
        size_t len = decode(text, &point);
        if (point == '"' || point == '\\') fprintf(to, "\\%c", (int)point);
        else if (len == 0) fputs("\\ufffd", to);
        else if (is_control(point) || is_unseen(point)) print_json_escaped(to, point);
        else fwrite(text.data, 1, len, to);

        size_t step = len ? len : 1;
        text.data += step;
        text.len -= step;
    }
    fputc('"', to);
}
