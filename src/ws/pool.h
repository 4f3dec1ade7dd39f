/* SPDX-License-Identifier: MIT
 *
 * ws/pool.h - a weft_session_pool: what no session needs just now
 *
 * Compressing takes one call, so one deflater is enough. An inflater is out as long as its message is
 * under way; a few are kept. So are buffers, and blobs for output.
 */
#ifndef WS_POOL_H
#define WS_POOL_H

#include "base/outq.h"
#include "ws/deflate.h"

struct weft_session_pool {
    const weft_env *env;
    weft_env copy; /* that env points to, when it is the user's */
    struct deflater *deflater;
    struct inflater *inflaters[POOL_INFLATERS];
    size_t n;
    struct blobs blobs; /* for output */
    struct buffers *buffers;
    size_t n_buffers;
};

/* For one that lies inside another object, and an env that outlives it. */
void session_pool_init(weft_session_pool *p, const weft_env *env);
void session_pool_deinit(weft_session_pool *p);

/* All zero. NULL: no memory. p may be NULL, then it is of env's memory. */
struct buffers *buffers_take(weft_session_pool *p, const weft_env *env);
void buffers_give(weft_session_pool *p, const weft_env *env, struct buffers *b);

/* Borrow one, from the pool (may be NULL), or make it; NULL: no memory. */
struct deflater *deflater_take(weft_session_pool *p, const weft_env *env);
void deflater_give(weft_session_pool *p, struct deflater *d);
struct inflater *inflater_take(weft_session_pool *p, const weft_env *env);
void inflater_give(weft_session_pool *p, struct inflater *i); /* NULL is fine */

#endif
