/* SPDX-License-Identifier: MIT
 *
 * http/chunk.h - writes the chunks of a chunked body (RFC 9112, 7.1)
 *
 *      1f\r\n <31 bytes> \r\n ... 0\r\n\r\n
 *
 * A chunk is queued whole or, after -ENOMEM, not at all: the queue then is as it was.
 */
#ifndef HTTP_CHUNK_H
#define HTTP_CHUNK_H

#include "base/outq.h"

/* What stands in front of the payload, as long as a size_t can make it, and behind it. */
enum { CHUNK_LINE_MAX = 2 * sizeof(size_t) + 2, CHUNK_TAIL = 2 };

/* Writes the line in front of len bytes, not terminated; returns how long it is. */
size_t chunk_line(char line[CHUNK_LINE_MAX], size_t len);

/* Copies. len is not 0: that would be the end of the body. 0 or -ENOMEM. */
int chunk_write(struct outq *out, const weft_env *env, const void *data, size_t len);

/* The same by reference: the len bytes behind the first skip of a shared blob. */
int chunk_blob(struct outq *out, const weft_env *env, struct blob *b, size_t skip, size_t len);

/* The last one. 0 or -ENOMEM. */
int chunk_end(struct outq *out, const weft_env *env);

#endif
