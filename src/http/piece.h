/* SPDX-License-Identifier: MIT
 *
 * http/piece.h - the inside of a weft_piece: a blob in which a chunk lies ready
 *
 *      | 1 | 1f\r\n | payload | \r\n |
 *        |           <------->          what an identity reply queues, and a pipe
 *        |   <----------------------->  what a chunked reply queues
 *        +-- how much stands in front of the payload
 */
#ifndef HTTP_PIECE_H
#define HTTP_PIECE_H

#include "base/outq.h"
#include <weft/piece.h>

/* Of a blob: len bytes behind the first skip. */
struct range {
    size_t skip, len;
};

struct blob *piece_blob(weft_piece *p);

/* The payload, or the chunk around it. */
struct range piece_range(const weft_piece *p, bool chunked);

#endif
