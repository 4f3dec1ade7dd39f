/* SPDX-License-Identifier: MIT
 *
 * ws/inflate.c - inflating with zlib, a piece at a time
 *
 * The sender cut 00 00 FF FF off the end of the message; it is put back when the last fragment is in
 * (RFC 7692, 7.2.2), unless nothing came, or all that came is complete without it. A block with BFINAL
 * ends zlib's stream but not the message: another stream begins behind it, with the same window.
 */
#include <errno.h>
#include <zlib.h>

#include "ws/pool.h"

struct inflater {
    const weft_env *env;
    z_stream z;
    uint64_t received, produced;
    bool fresh; /* a stream begins: nothing has come yet, or nothing since BFINAL */
    bool tailed;
    uint8_t in[INFLATE_IN];
    uint8_t out[INFLATE_OUT];
};

enum { UNUSED_BITS = 63, AT_BLOCK_END = 128 }; /* in z_stream.data_type */

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
    i->received = i->produced = 0;
    i->fresh = true;
    i->tailed = false;
    i->z.avail_in = 0;
    i->z.next_out = i->out;
    i->z.avail_out = sizeof i->out;
    if (!history || !history->len) return 0;
    return inflateSetDictionary(&i->z, history->data, (unsigned)history->len) == Z_OK ? 0 : -ENOMEM;
}

/* What is not inflated yet moves to the front, so that there is room for more. */
uint8_t *inflater_room(struct inflater *i, size_t *n)
{
    size_t have = i->z.avail_in;
    if (have && i->z.next_in != i->in) memmove(i->in, i->z.next_in, have);
    i->z.next_in = i->in;
    *n = sizeof i->in - have;
    return i->in + have;
}

void inflater_fed(struct inflater *i, size_t n)
{
    if (n) i->fresh = false;
    i->z.avail_in += (unsigned)n;
    i->received += n;
}

bool inflater_complete(const struct inflater *i)
{
    return i->fresh || (i->z.data_type & AT_BLOCK_END);
}

void inflater_add_tail(struct inflater *i)
{
    if (i->tailed || i->z.avail_in) return;
    i->tailed = true;
    if (inflater_complete(i) && !(i->z.data_type & UNUSED_BITS)) return;
    copy(i->in, tail, sizeof tail);
    i->z.next_in = i->in;
    i->z.avail_in = sizeof tail;
}

bool inflater_has_tail(const struct inflater *i)
{
    return i->tailed;
}

static int step(struct inflater *i)
{
    int where = i->z.data_type;
    switch (inflate(&i->z, Z_SYNC_FLUSH)) {
    case Z_OK: return 0;
    case Z_BUF_ERROR: /* nothing to do: in is used up, and zlib forgets where that was */
        i->z.data_type = where;
        return 0;
    case Z_STREAM_END:
        inflateResetKeep(&i->z);
        i->z.data_type = 0;
        i->fresh = i->z.avail_in == 0;
        return 0;
    case Z_MEM_ERROR: return -ENOMEM;
    default: return WEFT_ERR_DEFLATE;
    }
}

int inflater_run(struct inflater *i)
{
    unsigned before = i->z.avail_out;
    int error;
    do error = step(i);
    while (!error && i->z.avail_in && i->z.avail_out);
    i->produced += before - i->z.avail_out;
    return error;
}

bool inflater_full(const struct inflater *i)
{
    return i->z.avail_out == 0;
}

weft_bytes inflater_output(struct inflater *i)
{
    weft_bytes out = {i->out, sizeof i->out - i->z.avail_out};
    i->z.next_out = i->out;
    i->z.avail_out = sizeof i->out;
    return out;
}

uint64_t inflater_received(const struct inflater *i)
{
    return i->received;
}

uint64_t inflater_produced(const struct inflater *i)
{
    return i->produced;
}
