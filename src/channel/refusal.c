/* SPDX-License-Identifier: MIT
 *
 * channel/refusal.c - words, cut to fit
 */
#include "channel/refusal.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { NO_MEMORY_RETRY_MS = 1000 };

/* Where the last character that is whole ends, of a text that was cut behind len bytes. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t start = len;
    while (start && ((unsigned char)text[start - 1] & 0xc0) == 0x80) start--;
    if (!start || (unsigned char)text[start - 1] < 0xc0) return len;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wide = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return len - start + 1 < wide ? start - 1 : len;
}

int refusal_write(struct refusal *why, int code, const char *format, ...)
{
    va_list ap;
    why->code = code;
    why->retry_ms = 0;
    va_start(ap, format);
    int n = vsnprintf(why->words, sizeof why->words, format, ap);
    va_end(ap);
    if (n < 0) why->words[0] = '\0';
    if (n >= (int)sizeof why->words)
        why->words[whole_characters(why->words, sizeof why->words - 1)] = '\0';
    return -1;
}

int refusal_no_memory(struct refusal *why)
{
    refusal_write(why, 503, "there is no memory for this just now");
    why->retry_ms = NO_MEMORY_RETRY_MS;
    return -1;
}
