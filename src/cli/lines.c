/* SPDX-License-Identifier: MIT
 *
 * cli/lines.c - bytes in, lines out
 *
 * One buffer; what is left of it moves to the front when room is needed, and it doubles when a line
 * fills it. No byte is searched twice.
 */
#include "cli/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 << 10 };

void lines_init(struct lines *l, size_t max)
{
    *l = (struct lines){.max = max};
}

void lines_deinit(struct lines *l)
{
    free(l->data);
}

void lines_clear(struct lines *l)
{
    l->start = l->end = l->scanned = 0;
    l->number = 0;
}

static void move_to_front(struct lines *l)
{
    if (!l->start) return;
    memmove(l->data, l->data + l->start, l->end - l->start);
    l->end -= l->start;
    l->start = 0;
}

static int grow(struct lines *l)
{
    size_t size = l->size ? l->size * 2 : FIRST_SIZE;
    uint8_t *data = realloc(l->data, size);
    if (!data) return -ENOMEM;
    l->data = data;
    l->size = size;
    return 0;
}

int lines_room(struct lines *l, weft_span *room)
{
    move_to_front(l);
    int r = l->end == l->size ? grow(l) : 0;
    if (r < 0) return r;
    *room = (weft_span){l->data + l->end, l->size - l->end};
    return 0;
}

void lines_fed(struct lines *l, size_t n)
{
    l->end += n;
}

int lines_peek(struct lines *l, bool at_end, weft_bytes *line)
{
    size_t waiting = l->end - l->start;
    if (!waiting) return 0;

    const uint8_t *from = l->data + l->start;
    const uint8_t *lf = memchr(from + l->scanned, '\n', waiting - l->scanned);
    l->scanned = lf ? (size_t)(lf - from) : waiting;
    if (l->scanned > l->max) return WEFT_ERR_TOO_BIG;
    if (!lf && !at_end) return 0;
    *line = (weft_bytes){from, l->scanned};
    return 1;
}

void lines_take(struct lines *l, weft_bytes line)
{
    size_t n = line.len + 1; /* with the LF, unless the input ended */
    l->start += n < l->end - l->start ? n : l->end - l->start;
    l->scanned = 0;
    l->number++;
}
