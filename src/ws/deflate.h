/* SPDX-License-Identifier: MIT
 *
 * ws/deflate.h - one message compressed, one message inflated (RFC 7692, 7.2)
 *
 *      session --take--> deflater | inflater --give--> pool --> the next session
 *         |                  ^
 *       window --------------'  the history, with context takeover
 *
 * The large states belong to nobody in particular: a message borrows one. What a connection keeps with
 * context takeover is a window, the last bytes of the messages so far, handed to the state as a
 * dictionary. So both modes are one, takeover costs 2^window_bits bytes and not a state, and a message
 * that did not get smaller can still go out as it is: the window only learns what was sent.
 */
#ifndef WS_DEFLATE_H
#define WS_DEFLATE_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/sized.h"
#include <weft/session.h>

enum {
    WINDOW_BITS_MIN = 8,
    WINDOW_BITS_MAX = 15,
    INFLATE_OUT = 16384, /* inflated at a time, so that limits are looked at */
    INFLATE_GRID = 1024, /* bytes fed between two looks at the ratio */
    DEFLATE_TAIL = 4,    /* 00 00 FF FF ends a message, and does not travel */
    POOL_INFLATERS = 4   /* kept while nobody needs them */
};

/* ---- what a weft_deflate says, defaults filled in; NULL is all zero -------------------------- */

SIZED_TAKER(deflate_take, weft_deflate, threshold, 16, threshold)

/* As those of SIZED_TAKER_AT. In a build without compression *at is NULL then. */
int deflate_take_at(const weft_env *env, weft_deflate *to, const weft_deflate **at, size_t size);

bool deflate_takeover(const weft_deflate *d);
uint8_t deflate_window_bits(const weft_deflate *d);
uint8_t deflate_peer_window_bits(const weft_deflate *d);
size_t deflate_threshold(const weft_deflate *d);

/* ---- history --------------------------------------------------------------------------------- */

/* The last bytes that went through, at most size. */
struct window {
    size_t size, len;
    uint8_t data[];
};

struct window *window_new(const weft_env *env, unsigned bits); /* NULL: no memory */
void window_add(struct window *w, const uint8_t *data, size_t n);

/* ---- compressing ----------------------------------------------------------------------------- */

struct deflater;

/* For the pool (pool.h), which lends them. NULL: no memory. */
struct deflater *deflater_new(const weft_env *env);
void deflater_free(struct deflater *d); /* NULL is fine */
void deflater_trim(struct deflater *d); /* to what is worth keeping */

/* A message that does not lie in one place; len is that of all of it. */
struct pieces {
    const weft_bytes *at;
    size_t n, len;
};

/* One message, its tail cut off. Distances stay within 2^bits; history may be NULL. *out is good until
 * d is given back. 1; 0: it would not become smaller; -ENOMEM. */
int deflater_run(struct deflater *d, unsigned bits, const struct window *history,
                 const struct pieces *message, weft_bytes *out);

/* ---- inflating ------------------------------------------------------------------------------- */

/* What was fed comes out in pieces of INFLATE_OUT; one that is shorter says that all of it is used up. */
struct inflater;

/* As above. */
struct inflater *inflater_new(const weft_env *env);
void inflater_free(struct inflater *i);

/* Begin a message. history may be NULL. ratio: so many times more may come out of it than was fed (ratio.h), which
 * is looked at where INFLATE_GRID bytes more were fed, wherever they were cut, and at the end; 0: it is no matter.
 * 0 or -ENOMEM. */
int inflater_begin(struct inflater *i, const struct window *history, uint64_t ratio);

/* The next bytes of the message, when those before are used up. They stay where they are until then. */
void inflater_feed(struct inflater *i, weft_bytes in);

/* The next piece, good until the next run. last: what was fed ends the message, which has to be whole.
 * 0; WEFT_ERR_DEFLATE, WEFT_ERR_TOO_BIG (ratio), and the piece is what stands before the fault; -ENOMEM. */
int inflater_run(struct inflater *i, bool last, weft_bytes *out);

/* Of WEFT_ERR_DEFLATE: the message refers to more than there was before, in it or in the history. */
bool inflater_reached_back(const struct inflater *i);

/* Bytes of the message so far, before and behind. */
uint64_t inflater_consumed(const struct inflater *i);
uint64_t inflater_produced(const struct inflater *i);

#endif
