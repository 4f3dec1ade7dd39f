/* SPDX-License-Identifier: MIT
 *
 * http/framing.c - the body of a reply, in the form that its head announced
 */
#include "http/framing.h"

#include "http/chunk.h"
#include "http/piece.h"

/* Whether len more bytes of body fit what the head said: 0 or WEFT_ERR_STATE. */
static int allowed(const struct framing *f, size_t len)
{
    bool too_much = f->kind == BODY_NONE || (f->kind == BODY_LENGTH && len > f->left);
    return len && too_much ? WEFT_ERR_STATE : 0;
}

static int written(struct framing *f, int error, size_t len)
{
    if (!error && f->kind == BODY_LENGTH) f->left -= len;
    return error;
}

int framing_write(struct framing *f, struct outq *out, const weft_env *env, const void *data,
                  size_t len)
{
    int error = allowed(f, len);
    if (error || !len) return error;
    if (f->is_head) return written(f, 0, len);
    if (f->kind == BODY_CHUNKED) return chunk_write(out, env, data, len);
    return written(f, outq_append(out, env, data, len), len);
}

int framing_blob(struct framing *f, struct outq *out, const weft_env *env, struct blob *b,
                 size_t skip, size_t len)
{
    int error = allowed(f, len);
    if (error || !len) return error;
    if (f->is_head) return written(f, 0, len);
    if (f->kind == BODY_CHUNKED) return chunk_blob(out, env, b, skip, len);
    return written(f, outq_append_part(out, b, skip, len), len);
}

static int queue_range(struct outq *out, struct blob *b, struct range range, struct slice *first)
{
    if (!first || !outq_empty(out)) return outq_append_part(out, b, range.skip, range.len);
    outq_append_part_at(out, b, range.skip, range.len, first);
    return 0;
}

int framing_piece(struct framing *f, struct outq *out, weft_piece *p, struct slice *first)
{
    if (f->kind == BODY_CHUNKED && !f->is_head) /* a stream: as short as can be */
        return queue_range(out, piece_blob(p), piece_range(p, true), first);
    struct range plain = piece_range(p, false);
    int error = allowed(f, plain.len);
    if (error) return error;
    if (f->is_head) return written(f, 0, plain.len);
    return written(f, queue_range(out, piece_blob(p), plain, first), plain.len);
}

int framing_end(struct framing *f, struct outq *out, const weft_env *env)
{
    if (f->is_head) return 0;
    if (f->left) return WEFT_ERR_STATE;
    return f->kind == BODY_CHUNKED ? chunk_end(out, env) : 0;
}
