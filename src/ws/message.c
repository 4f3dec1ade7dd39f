/* SPDX-License-Identifier: MIT
 *
 * ws/message.c - messages that many connections send by reference
 */
#include "ws/message.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/env.h"
#include "ws/frame.h"
#include "ws/ratio.h"

/* It may be queued when the message is gone, and whoever gave it the env, too. */
static struct blob *encode(const weft_env *env, uint8_t byte0, const void *data, size_t len)
{
    if (len > SIZE_MAX - FRAME_HEAD_MAX) return NULL;
    struct blob *b = blob_new_apart(env, frame_head_size(len, false) + len);
    if (!b) return NULL;
    b->len = frame_write_head(b->data, byte0, len, NULL);
    copy(b->data + b->len, data, len);
    b->len += len;
    return b;
}

int weft_message_new_sized(weft_message **out, const weft_env *env, size_t env_size, weft_opcode op,
                           const void *data, size_t len)
{
    weft_env copy;
    *out = NULL;
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    int error = env ? env_take_at(NULL, &copy, &env, env_size) : 0;
    if (error) return error;
    weft_message *m = mem_zalloc(env, sizeof *m);
    if (!m) return -ENOMEM;
    atomic_init(&m->refs, 1);
    m->opcode = (uint8_t)op;
    m->head_len = (uint8_t)frame_head_size(len, false);
    m->frame = encode(env, (uint8_t)(FRAME_FIN | op), data, len);
    if (!m->frame) {
        mem_free(env, m);
        return -ENOMEM;
    }
    *out = m;
    return 0;
}

weft_message *weft_message_ref(weft_message *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void weft_message_unref(weft_message *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < sizeof m->compressed / sizeof *m->compressed; i++) {
        struct blob *b = atomic_load_explicit(&m->compressed[i], memory_order_relaxed);
        if (b) blob_unref(b);
    }
    struct blob *frame = m->frame;
    mem_free(frame->env, m);
    blob_unref(frame);
}

weft_opcode weft_message_opcode(const weft_message *m)
{
    return (weft_opcode)m->opcode;
}

weft_bytes weft_message_payload(const weft_message *m)
{
    return (weft_bytes){m->frame->data + m->head_len, m->frame->len - m->head_len};
}

/* ---- compressed ------------------------------------------------------------------------------ */

/* A reference of its own, or NULL. */
static struct blob *encode_compressed(const weft_message *m, struct deflater *d, unsigned bits,
                                      weft_session_pool *pool)
{
    weft_bytes small, payload = weft_message_payload(m);
    int result = deflater_run(d, bits, NULL, &(struct pieces){&payload, 1, payload.len}, &small);
    if (result > 0 && payload.len > RATIO_FREE)
        result = ratio_is_taken(pool, m->frame->env, NULL, payload.len, small);
    if (result < 0) return NULL;
    if (!result) return blob_ref(m->frame);
    return encode(m->frame->env, FRAME_FIN | FRAME_RSV1 | m->opcode, small.data, small.len);
}

/* What stands in place from now on: b, or what another thread put there first. */
static struct blob *settle(struct blob *_Atomic *place, struct blob *b)
{
    struct blob *there = NULL;
    if (!b || atomic_compare_exchange_strong_explicit(place, &there, b, memory_order_acq_rel,
                                                      memory_order_acquire))
        return b;
    blob_unref(b);
    return there;
}

struct blob *message_compressed(weft_message *m, unsigned bits, weft_session_pool *pool)
{
    struct blob *_Atomic *place = &m->compressed[bits - WINDOW_BITS_MIN];
    struct blob *b = atomic_load_explicit(place, memory_order_acquire);
    if (b) return b;
    struct deflater *d = deflater_take(pool, m->frame->env);
    if (!d) return NULL;
    b = settle(place, encode_compressed(m, d, bits, pool));
    deflater_give(pool, d);
    return b;
}
