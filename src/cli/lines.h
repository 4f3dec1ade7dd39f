/* SPDX-License-Identifier: MIT
 *
 * cli/lines.h - bytes in, lines out
 *
 *      lines_room -> read() -> lines_fed -> lines_peek, lines_take ... until there is no more
 *
 * A line ends with LF, which is not part of it (a CR before it is). Peeking again gives the same line,
 * so that one that could not be sent is not lost.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <weft/base.h>

struct lines {
    uint8_t *data;
    size_t start, end, size; /* data[start, end) is waiting */
    size_t scanned;          /* of that, how far no LF was found */
    size_t max;              /* of a line */
    uint64_t number;         /* lines taken so far */
};

void lines_init(struct lines *l, size_t max);
void lines_deinit(struct lines *l);
void lines_clear(struct lines *l); /* what waits is dropped */

/* Where to read to, at least one byte. Errors: -ENOMEM. */
int lines_room(struct lines *l, weft_span *room);
void lines_fed(struct lines *l, size_t n);

/* 1 and the line; 0: bring more. At the end of input, what is left without LF is a line too.
 * Errors: WEFT_ERR_TOO_BIG. The line is good until lines_room. */
int lines_peek(struct lines *l, bool at_end, weft_bytes *line);
void lines_take(struct lines *l, weft_bytes line);

#endif
