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

#include "ws/ratio.h"

struct inflater {
    const weft_env *env;
    z_stream z;
    weft_bytes in; /* not used up yet */
    uint64_t consumed, produced;
    uint64_t ratio; /* that may not be exceeded, or 0 */
    bool due;       /* it is to be looked at, as soon as all that was consumed has come out */
    bool fresh;     /* a stream begins: nothing has come yet, or nothing since BFINAL */
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

int inflater_begin(struct inflater *i, const struct window *history, uint64_t ratio)
{
    inflateReset(&i->z);
    i->z.data_type = 0;
    i->in = (weft_bytes){tail, 0};
    i->consumed = i->produced = 0;
    i->ratio = ratio;
    i->fresh = true;
    i->due = i->tailed = false;
    if (!history || !history->len) return 0;
    return inflateSetDictionary(&i->z, history->data, (unsigned)history->len) == Z_OK ? 0 : -ENOMEM;
}

void inflater_feed(struct inflater *i, weft_bytes in)
{
    if (!in.len) return;
    i->fresh = false;
    i->in = in;
}

/* Whether a message may end here. */
static bool is_complete(const struct inflater *i)
{
    return i->fresh || (i->z.data_type & AT_BLOCK_END);
}

/* ---- the ratio ------------------------------------------------------------------------------- */

static size_t room_used(const struct inflater *i)
{
    return sizeof i->out - i->z.avail_out;
}

/* How much to consume at a time. zlib reads ahead when there is no room for what comes out, so what it has consumed
 * then depends on what was there. But what comes out of the first n bytes does not: so n is where the ratio is looked
 * at. */
static size_t slice(const struct inflater *i)
{
    size_t most = STEP_MAX;
    if (i->due) return 0;
    if (i->ratio) most = INFLATE_GRID - i->consumed % INFLATE_GRID;
    return i->in.len < most ? i->in.len : most;
}

static int look_at_ratio(struct inflater *i)
{
    uint64_t produced = i->produced + room_used(i);
    i->due = false;
    return ratio_is_too_high(produced, i->consumed, i->ratio) ? WEFT_ERR_TOO_BIG : 0;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static int step(struct inflater *i)
{
    int where = i->z.data_type;
    size_t n = slice(i);
    i->z.next_in = i->in.data;
    i->z.avail_in = (unsigned)n;
    int result = inflate(&i->z, Z_SYNC_FLUSH);
    n -= i->z.avail_in;
    i->in = bytes_from(i->in, n);
    i->consumed += n;
    if (i->ratio && n && i->consumed % INFLATE_GRID == 0) i->due = true;
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
    do {
        error = step(i);
        if (!error && i->due && i->z.avail_out) error = look_at_ratio(i);
    } while (!error && (i->in.len || i->due) && i->z.avail_out);
    return error;
}

/* Once, and when all before it is inflated. */
static bool wants_tail(struct inflater *i)
{
    if (i->tailed || !i->z.avail_out) return false;
    i->tailed = true;
    return !is_complete(i) || (i->z.data_type & UNUSED_BITS);
}

/* Behind the tail: it is all there. */
static int check_end(struct inflater *i)
{
    if (!is_complete(i)) return WEFT_ERR_DEFLATE;
    return i->ratio ? look_at_ratio(i) : 0;
}

/* With a fault what the tail brought out is none of the message. */
int inflater_run(struct inflater *i, bool last, weft_bytes *out)
{
    i->z.next_out = i->out;
    i->z.avail_out = sizeof i->out;
    size_t sent = i->tailed ? 0 : sizeof i->out;
    int error = run(i);
    if (!error && last && wants_tail(i)) {
        sent = room_used(i);
        i->in = (weft_bytes){tail, sizeof tail};
        error = run(i);
    }
    if (!error && last && i->z.avail_out) error = check_end(i);
    size_t len = room_used(i);
    *out = (weft_bytes){i->out, error && sent < len ? sent : len};
    i->produced += out->len;
    return error;
}

/* zlib has no number for it. */
bool inflater_reached_back(const struct inflater *i)
{
    return i->z.msg && strcmp(i->z.msg, "invalid distance too far back") == 0;
}

uint64_t inflater_consumed(const struct inflater *i)
{
    return i->consumed;
}

uint64_t inflater_produced(const struct inflater *i)
{
    return i->produced;
}
