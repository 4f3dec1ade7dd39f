/* SPDX-License-Identifier: MIT
 *
 * http/chunk.c - a chunk is one reservation, or a queue of its own until all of it is there
 */
#include "http/chunk.h"

#include <errno.h>

#include "base/bytes.h"

size_t chunk_line(char line[CHUNK_LINE_MAX], size_t len)
{
    size_t digits = 1;
    for (size_t rest = len; rest >>= 4;) digits++;
    for (size_t i = digits; i-- > 0; len >>= 4) line[i] = "0123456789abcdef"[len & 15];
    line[digits] = '\r';
    line[digits + 1] = '\n';
    return digits + 2;
}

int chunk_write(struct outq *out, const weft_env *env, const void *data, size_t len)
{
    char line[CHUNK_LINE_MAX];
    size_t head = chunk_line(line, len);
    if (len > SIZE_MAX - head - CHUNK_TAIL) return -ENOMEM;
    uint8_t *to = outq_reserve(out, env, NULL, head + len + CHUNK_TAIL);
    if (!to) return -ENOMEM;
    copy(to, line, head);
    copy(to + head, data, len);
    copy(to + head + len, "\r\n", CHUNK_TAIL);
    outq_commit(out, head + len + CHUNK_TAIL);
    return 0;
}

int chunk_blob(struct outq *out, const weft_env *env, struct blob *b, size_t skip, size_t len)
{
    char line[CHUNK_LINE_MAX];
    struct outq chunk = {0};
    int error = outq_append(&chunk, env, line, chunk_line(line, len));
    if (!error) error = outq_append_part(&chunk, b, skip, len);
    if (!error) error = outq_append(&chunk, env, "\r\n", CHUNK_TAIL);
    if (error) outq_clear(&chunk);
    else outq_splice(out, &chunk);
    return error;
}

int chunk_end(struct outq *out, const weft_env *env)
{
    return outq_append(out, env, "0\r\n\r\n", 5);
}
