/* SPDX-License-Identifier: MIT
 *
 * ws/pool.h - a weft_deflate_pool: states that nobody needs just now
 *
 * Compressing takes one call, so one deflater is enough. An inflater is out as long as its message is
 * under way; a few are kept.
 */
#ifndef WS_POOL_H
#define WS_POOL_H

#include "ws/deflate.h"

struct weft_deflate_pool {
    const weft_env *env;
    struct deflater *deflater;
    struct inflater *inflaters[POOL_INFLATERS];
    size_t n;
};

/* For one that lies inside another object; all zero but for env. */
void deflate_pool_deinit(weft_deflate_pool *p);

/* deflate.c */
struct deflater *deflater_new(const weft_env *env);
void deflater_free(struct deflater *d); /* NULL is fine */
void deflater_trim(struct deflater *d); /* to what is worth keeping */

/* inflate.c */
struct inflater *inflater_new(const weft_env *env);
void inflater_free(struct inflater *i);

#endif
