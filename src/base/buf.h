/* SPDX-License-Identifier: MIT
 *
 * base/buf.h - a growing run of bytes with a maximum
 *
 * Sticky: when memory runs out or the maximum is passed, failed is set and every later write does
 * nothing; whoever hands the bytes on looks at it once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/alloc.h"
#include "base/bytes.h"

struct buf {
    const weft_env *env;
    uint8_t *data;
    size_t len, cap, max;
    bool failed;
};

void buf_init(struct buf *b, const weft_env *env, size_t max);
void buf_deinit(struct buf *b); /* frees the bytes; the buf is empty and usable again */

/* Room for n more bytes behind len: a pointer to them, or NULL (and failed). */
uint8_t *buf_reserve(struct buf *b, size_t n);

void buf_append(struct buf *b, const void *data, size_t n);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drop the first n bytes; the rest moves to the front. */
void buf_consume(struct buf *b, size_t n);

static inline weft_bytes buf_bytes(const struct buf *b)
{
    return (weft_bytes){b->data, b->len};
}

#endif
