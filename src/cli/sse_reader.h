/* SPDX-License-Identifier: MIT
 *
 * cli/sse_reader.h - lines of text/event-stream to events (WHATWG HTML, 9.2.6)
 */
#ifndef CLI_SSE_READER_H
#define CLI_SSE_READER_H

#include "cli/buffer.h"

enum { SSE_NAME_ROOM = 32, SSE_ID_ROOM = 64 };

/* All zero is one at the beginning. */
struct sse_reader {
    char event[SSE_NAME_ROOM]; /* "": message */
    char id[SSE_ID_ROOM];      /* stays from event to event; one that is longer counts as "" */
    struct buffer data;        /* its lines, each with LF */
    uint64_t retry_ms;         /* the last that was said; 0: none */
    bool has_data;
};

/* Take a line, without its end. true: an event is complete, in event, id and data; sse_next before the next line. */
bool sse_line(struct sse_reader *r, weft_bytes line);
weft_bytes sse_data(const struct sse_reader *r);
void sse_next(struct sse_reader *r);
void sse_reader_free(struct sse_reader *r);

#endif
