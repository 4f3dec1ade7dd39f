/* SPDX-License-Identifier: MIT
 *
 * ws/deflate.c - compressing: settings, windows, and an encoder of ISA-L's
 *
 * A message is one run of the encoder that ends in a sync flush, 00 00 FF FF, which is cut off
 * (RFC 7692, 7.2.1). The output has as much room as the message is long: what does not fit would not be
 * worth it. So the encoder is never asked to go on after a full buffer, where it would add a block. What comes in
 * pieces is put together behind that room.
 *
 * Level 1 of ISA-L is ahead of zlib's and libdeflate's in time and in size (bench/deflate.c), keeps
 * to any window, and takes a dictionary.
 */
#include "ws/deflate.h"

#include <assert.h>
#include <errno.h>
#include <isa-l.h>

enum { DEFAULT_BITS = 12, KEPT_OUT = 65536 };

/* ---- settings -------------------------------------------------------------------------------- */

int deflate_take_at(const weft_env *env, weft_deflate *to, const weft_deflate **at, size_t size)
{
    int error = deflate_take(env, to, *at, size);
    if (*at) *at = to;
    return error;
}

bool deflate_takeover(const weft_deflate *d)
{
    return d && d->takeover;
}

static uint8_t bits_or_default(uint8_t bits, bool takeover)
{
    if (!bits) return takeover ? DEFAULT_BITS : WINDOW_BITS_MAX;
    if (bits < WINDOW_BITS_MIN) return WINDOW_BITS_MIN;
    return bits > WINDOW_BITS_MAX ? WINDOW_BITS_MAX : bits;
}

uint8_t deflate_window_bits(const weft_deflate *d)
{
    return bits_or_default(d ? d->window_bits : 0, deflate_takeover(d));
}

uint8_t deflate_peer_window_bits(const weft_deflate *d)
{
    return bits_or_default(d ? d->peer_window_bits : 0, deflate_takeover(d));
}

size_t deflate_threshold(const weft_deflate *d)
{
    if (d && d->threshold) return d->threshold;
    return deflate_takeover(d) ? 32 : 200;
}

/* ---- history --------------------------------------------------------------------------------- */

struct window *window_new(const weft_env *env, unsigned bits)
{
    size_t size = (size_t)1 << bits;
    struct window *w = mem_alloc(env, sizeof *w + size);
    if (w) *w = (struct window){.size = size};
    return w;
}

void window_add(struct window *w, const uint8_t *data, size_t n)
{
    if (n > w->size) {
        data += n - w->size;
        n = w->size;
    }
    size_t kept = w->len < w->size - n ? w->len : w->size - n;
    memmove(w->data, w->data + (w->len - kept), kept);
    copy(w->data + kept, data, n);
    w->len = kept + n;
}

/* ---- compressing ----------------------------------------------------------------------------- */

struct deflater {
    const weft_env *env;
    uint8_t *out;
    size_t cap;
    struct isal_zstream z;
    uint8_t level[ISAL_DEF_LVL1_SMALL];
};

struct deflater *deflater_new(const weft_env *env)
{
    struct deflater *d = mem_alloc(env, sizeof *d);
    if (!d) return NULL;
    d->env = env;
    d->out = NULL;
    d->cap = 0;
    return d;
}

void deflater_free(struct deflater *d)
{
    if (!d) return;
    mem_free(d->env, d->out);
    mem_free(d->env, d);
}

void deflater_trim(struct deflater *d)
{
    if (d->cap <= KEPT_OUT) return;
    mem_free(d->env, d->out);
    d->out = NULL;
    d->cap = 0;
}

/* Room for n bytes of output; what was there is of no use. */
static int make_room(struct deflater *d, size_t n)
{
    if (n <= d->cap) return 0;
    mem_free(d->env, d->out);
    d->out = mem_alloc(d->env, n);
    d->cap = d->out ? n : 0;
    return d->out ? 0 : -ENOMEM;
}

/* ISA-L's pointers are not const, but it only reads there. */
static uint8_t *unconst(const uint8_t *data)
{
    return (uint8_t *)(uintptr_t)data;
}

static const uint8_t *gather(uint8_t *to, const struct pieces *message)
{
    size_t len = 0;
    for (size_t i = 0; i < message->n; i++) {
        copy(to + len, message->at[i].data, message->at[i].len);
        len += message->at[i].len;
    }
    return to;
}

int deflater_run(struct deflater *d, unsigned bits, const struct window *history,
                 const struct pieces *message, weft_bytes *out)
{
    if (message->len > INT32_MAX) return 0;
    size_t room = message->len + DEFLATE_TAIL;
    bool whole = message->n == 1;
    if (make_room(d, whole ? room : room + message->len) < 0) return -ENOMEM;
    isal_deflate_init(&d->z);
    d->z.level = 1;
    d->z.level_buf = d->level;
    d->z.level_buf_size = sizeof d->level;
    d->z.hist_bits = (uint16_t)bits;
    d->z.flush = SYNC_FLUSH;
    if (history && history->len)
        isal_deflate_set_dict(&d->z, unconst(history->data), (uint32_t)history->len);
    d->z.next_in = unconst(whole ? message->at[0].data : gather(d->out + room, message));
    d->z.avail_in = (uint32_t)message->len;
    d->z.next_out = d->out;
    d->z.avail_out = (uint32_t)room;
    (void)isal_deflate(&d->z); /* fails only for settings that are wrong */
    if (!d->z.avail_out) return 0;
    *out = (weft_bytes){d->out, d->z.total_out - DEFLATE_TAIL};
    assert(!d->z.avail_in && memcmp(d->out + out->len, "\0\0\xff\xff", DEFLATE_TAIL) == 0);
    return 1;
}
