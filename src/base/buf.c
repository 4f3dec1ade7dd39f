/* SPDX-License-Identifier: MIT
 *
 * base/buf.c - a growing run of bytes: doubles, never beyond its maximum
 */
#include "base/buf.h"

#include <stdio.h>

enum { BUF_MIN = 64 };

void buf_init(struct buf *b, const weft_env *env, size_t max)
{
    *b = (struct buf){.env = env, .max = max};
}

void buf_deinit(struct buf *b)
{
    mem_free(b->env, b->data);
    buf_init(b, b->env, b->max);
}

static bool grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : BUF_MIN;
    while (cap < need) cap *= 2;
    if (cap > b->max) cap = b->max;
    uint8_t *data = mem_realloc(b->env, b->data, cap);
    if (!data) return false;
    b->data = data;
    b->cap = cap;
    return true;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed) return NULL;
    bool fits = b->data && n <= b->cap - b->len;
    if (n > b->max - b->len || (!fits && !grow(b, b->len + n))) {
        b->failed = true;
        return NULL;
    }
    return b->data + b->len;
}

void buf_append(struct buf *b, const void *data, size_t n)
{
    if (!n) return;
    uint8_t *to = buf_reserve(b, n);
    if (!to) return;
    copy(to, data, n);
    b->len += n;
}

void buf_text(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    uint8_t *to = n < 0 ? NULL : buf_reserve(b, (size_t)n + 1);
    if (!to) {
        b->failed = true;
        return;
    }
    va_start(ap, format);
    vsnprintf((char *)to, (size_t)n + 1, format, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
    if (n < b->len) memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}
