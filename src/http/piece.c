/* SPDX-License-Identifier: MIT
 *
 * http/piece.c - bytes that many queue by reference
 *
 * A weft_piece is never defined: its pointer is that of the blob.
 */
#include "http/piece.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/env.h"
#include "http/chunk.h"

struct blob *piece_blob(weft_piece *p)
{
    return (struct blob *)(void *)p;
}

static const struct blob *blob_of(const weft_piece *p)
{
    return (const struct blob *)(const void *)p;
}

int weft_piece_new_sized(weft_piece **out, const weft_env *env, size_t env_size, const void *data,
                         size_t len)
{
    weft_env taken;
    char line[CHUNK_LINE_MAX];
    *out = NULL;
    if (!len) return -EINVAL;
    int error = env ? env_take_at(NULL, &taken, &env, env_size) : 0;
    if (error) return error;
    size_t head = 1 + chunk_line(line, len);
    if (len > SIZE_MAX - head - CHUNK_TAIL) return -ENOMEM;
    struct blob *b = blob_new_apart(env, head + len + CHUNK_TAIL);
    if (!b) return -ENOMEM;
    b->len = b->cap;
    b->data[0] = (uint8_t)head;
    copy(b->data + 1, line, head - 1);
    copy(b->data + head, data, len);
    copy(b->data + head + len, "\r\n", CHUNK_TAIL);
    *out = (weft_piece *)(void *)b;
    return 0;
}

weft_piece *weft_piece_ref(weft_piece *p)
{
    (void)blob_ref(piece_blob(p));
    return p;
}

void weft_piece_unref(weft_piece *p)
{
    if (p) blob_unref(piece_blob(p));
}

struct range piece_range(const weft_piece *p, bool chunked)
{
    const struct blob *b = blob_of(p);
    size_t skip = chunked ? 1 : b->data[0];
    return (struct range){skip, b->len - skip - (chunked ? 0 : CHUNK_TAIL)};
}

weft_bytes weft_piece_bytes(const weft_piece *p)
{
    struct range payload = piece_range(p, false);
    return (weft_bytes){blob_of(p)->data + payload.skip, payload.len};
}
