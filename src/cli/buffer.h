/* SPDX-License-Identifier: MIT
 *
 * cli/buffer.h - bytes that are gathered
 *
 * Without memory it is marked, adding does nothing any more, and who takes the bytes looks once.
 */
#ifndef CLI_BUFFER_H
#define CLI_BUFFER_H

#include <weft/base.h>

/* All zero is an empty one. */
struct buffer {
    uint8_t *data;
    size_t len, size;
    bool failed;
};

void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_add_text(struct buffer *b, const char *text);
void buffer_clear(struct buffer *b); /* keeps the memory */
void buffer_free(struct buffer *b);

static inline weft_bytes buffer_bytes(const struct buffer *b)
{
    return (weft_bytes){b->data, b->len};
}

#endif
