/* SPDX-License-Identifier: MIT
 *
 * cli/buffer.c - memory that doubles
 */
#include "cli/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

static void make_room(struct buffer *b, size_t len)
{
    size_t size = b->size ? b->size : FIRST_SIZE;
    while (size - b->len < len) size *= 2;
    uint8_t *data = size == b->size ? b->data : realloc(b->data, size);
    b->failed = !data;
    if (!data) return;
    b->data = data;
    b->size = size;
}

void buffer_add(struct buffer *b, const void *data, size_t len)
{
    if (b->failed || !len) return;
    make_room(b, len);
    if (b->failed) return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buffer_add_text(struct buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
    b->failed = false;
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){0};
}
