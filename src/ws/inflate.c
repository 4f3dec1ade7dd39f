/* SPDX-License-Identifier: MIT
 *
 * ws/inflate.c - inflating with zlib, a piece at a time
 *
 * The sender cut 00 00 FF FF off the end of the message; it is put back when the last fragment is in
 * (RFC 7692, 7.2.2), unless nothing came, or all that came is complete without it. A block with BFINAL
 * ends zlib's stream but not the message: another stream begins behind it, with the same window.
 *
 * Input is read where it lies, and has to stay there until it is used up.
 */
#include <errno.h>
#define ZLIB_CONST
#include <zlib.h>

#include "ws/deflate.h"

struct inflater {
    const weft_env *env;
    z_stream z;
    weft_bytes in; /* not used up yet */
    uint64_t consumed, produced;
    bool fresh; /* a stream begins: nothing has come yet, or nothing since BFINAL */
    bool tailed;
    uint8_t out[INFLATE_OUT];
};

enum { UNUSED_BITS = 63, AT_BLOCK_END = 128 }; /* in z_stream.data_type */
enum { STEP_MAX = 1 << 30 };                   /* zlib counts in 32 bits */

static const uint8_t tail[DEFLATE_TAIL] = {0x00, 0x00, 0xff, 0xff};

/* ---- birth and death ------------------------------------------------------------------------- */

static void *z_alloc(void *env, unsigned items, unsigned size)
{
    return mem_alloc(env, (size_t)items * size);
}

static void z_free(void *env, void *p)
{
    mem_free(env, p);
}

struct inflater *inflater_new(const weft_env *env)
{
    struct inflater *i = mem_alloc(env, sizeof *i);
    if (!i) return NULL;
    i->env = env;
    i->z = (z_stream){.zalloc = z_alloc, .zfree = z_free, .opaque = (void *)(uintptr_t)env};
    if (inflateInit2(&i->z, -WINDOW_BITS_MAX) == Z_OK) return i;
    mem_free(env, i);
    return NULL;
}

void inflater_free(struct inflater *i)
{
    inflateEnd(&i->z);
    mem_free(i->env, i);
}

/* ---- a message ------------------------------------------------------------------------------- */

int inflater_begin(struct inflater *i, const struct window *history)
{
    inflateReset(&i->z);
    i->z.data_type = 0;
    i->in = (weft_bytes){tail, 0};
    i->consumed = i->produced = 0;
    i->fresh = true;
    i->tailed = false;
    if (!history || !history->len) return 0;
    return inflateSetDictionary(&i->z, history->data, (unsigned)history->len) == Z_OK ? 0 : -ENOMEM;
}

void inflater_feed(struct inflater *i, weft_bytes in)
{
    if (!in.len) return;
    i->fresh = false;
    i->in = in;
}

bool inflater_complete(const struct inflater *i)
{
    return i->fresh || (i->z.data_type & AT_BLOCK_END);
}

static int step(struct inflater *i)
{
    int where = i->z.data_type;
    size_t n = i->in.len < STEP_MAX ? i->in.len : STEP_MAX;
    i->z.next_in = i->in.data;
    i->z.avail_in = (unsigned)n;
    int result = inflate(&i->z, Z_SYNC_FLUSH);
    n -= i->z.avail_in;
    i->in = bytes_from(i->in, n);
    i->consumed += n;
    switch (result) {
    case Z_OK: return 0;
    case Z_BUF_ERROR: /* nothing to do: in is used up, and zlib forgets where that was */
        i->z.data_type = where;
        return 0;
    case Z_STREAM_END:
        inflateResetKeep(&i->z);
        i->z.data_type = 0;
        i->fresh = i->in.len == 0;
        return 0;
    case Z_MEM_ERROR: return -ENOMEM;
    default: return WEFT_ERR_DEFLATE;
    }
}

/* Until in is used up or out is full. */
static int run(struct inflater *i)
{
    int error;
    do error = step(i);
    while (!error && i->in.len && i->z.avail_out);
    return error;
}

/* Once, and when all before it is inflated. */
static bool wants_tail(struct inflater *i)
{
    if (i->tailed || !i->z.avail_out) return false;
    i->tailed = true;
    return !inflater_complete(i) || (i->z.data_type & UNUSED_BITS);
}

int inflater_run(struct inflater *i, bool last, weft_bytes *out)
{
    i->z.next_out = i->out;
    i->z.avail_out = sizeof i->out;
    int error = run(i);
    if (!error && last && wants_tail(i)) {
        i->in = (weft_bytes){tail, sizeof tail};
        error = run(i);
    }
    *out = (weft_bytes){i->out, sizeof i->out - i->z.avail_out};
    i->produced += out->len;
    return error;
}

uint64_t inflater_consumed(const struct inflater *i)
{
    return i->consumed;
}

uint64_t inflater_produced(const struct inflater *i)
{
    return i->produced;
}
