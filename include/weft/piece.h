/* SPDX-License-Identifier: MIT
 *
 * weft/piece.h - bytes that many queue by reference: replies (http.h) and pipes (pipe.h)
 */
#ifndef WEFT_PIECE_H
#define WEFT_PIECE_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that any number of replies and pipes queue by reference: one block, in a form in which a reply needs no copy
 * whether it is chunked or not. Counted: it lives until the last reference is dropped, and may be referenced and
 * dropped in any thread. Its bytes never change. */
typedef struct weft_piece weft_piece;

/* The caller owns one reference. Errors: -EINVAL (len is 0, a size), -ENOMEM. */
WEFT_API int weft_piece_new_sized(weft_piece **out, const weft_env *env, size_t env_size,
                                  const void *data, size_t len);
static inline int weft_piece_new(weft_piece **out, const weft_env *env, const void *data,
                                 size_t len)
{
    return weft_piece_new_sized(out, env, sizeof *env, data, len);
}

WEFT_API weft_piece *weft_piece_ref(weft_piece *p);
WEFT_API void weft_piece_unref(weft_piece *p);             /* NULL is fine */
WEFT_API weft_bytes weft_piece_bytes(const weft_piece *p); /* as long as the reference */

#ifdef __cplusplus
}
#endif
#endif
