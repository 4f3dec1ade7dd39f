/* SPDX-License-Identifier: MIT
 *
 * hub/position.c - positions as text: "k3f9a2c1.42"
 */
#include <errno.h>
#include <string.h>

#include <weft/topic.h>

#include "hub/epoch.h"

_Static_assert(WEFT_EPOCH_MAX + 1 + 16 < WEFT_POSITION_TEXT, "the longest, with its NUL");

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

void epoch_make(char epoch[EPOCH_SIZE], const uint8_t random[EPOCH_RANDOM])
{
    for (size_t i = 0; i < EPOCH_RANDOM; i++) epoch[i] = letters[random[i] % (sizeof letters - 1)];
    epoch[EPOCH_RANDOM] = '\0';
}

/* Printed with every answer: not by printf, which costs ten times as much. */
static size_t print_offset(uint64_t offset, char *text)
{
    size_t len = 1;
    for (uint64_t rest = offset; rest >= 10; rest /= 10) len++;
    for (size_t i = len; i--; offset /= 10) text[i] = (char)('0' + offset % 10);
    return len;
}

int weft_position_print(const weft_position *p, char text[WEFT_POSITION_TEXT])
{
    size_t len = strnlen(p->epoch, WEFT_EPOCH_MAX);
    memcpy(text, p->epoch, len);
    text[len++] = '.';
    len += print_offset(p->offset, text + len);
    text[len] = '\0';
    return (int)len;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static size_t epoch_length(weft_bytes text)
{
    size_t n = 0;
    while (n < text.len && is_letter(text.data[n])) n++;
    return n;
}

/* A decimal below 2^53 that is all of the text: as it is printed, and no other way. */
static bool parse_offset(uint64_t *offset, weft_bytes text)
{
    *offset = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        *offset = *offset * 10 + (uint64_t)(text.data[i] - '0');
    }
    bool zeros = text.len > 1 && text.data[0] == '0';
    return text.len >= 1 && text.len <= 16 && !zeros && *offset <= WEFT_OFFSET_MAX;
}

int weft_position_parse(weft_position *p, weft_bytes text)
{
    size_t n = epoch_length(text);
    *p = (weft_position){0};
    if (n < WEFT_EPOCH_MIN || n > WEFT_EPOCH_MAX || n == text.len || text.data[n] != '.')
        return -EINVAL;
    uint64_t offset;
    if (!parse_offset(&offset, (weft_bytes){text.data + n + 1, text.len - n - 1})) return -EINVAL;
    memcpy(p->epoch, text.data, n);
    p->offset = offset;
    return 0;
}
