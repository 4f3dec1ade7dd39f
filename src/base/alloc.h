/* SPDX-License-Identifier: MIT
 *
 * base/alloc.h - every allocation of weft goes through here, to the env's hook
 *
 * A NULL env, or one without the hook, means malloc and free.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdlib.h>
#include <string.h>

#include <weft/base.h>

/* size 0 frees. */
static inline void *mem_realloc(const weft_env *env, void *p, size_t size)
{
    if (env && env->realloc) return env->realloc(env->ctx, p, size);
    if (size) return realloc(p, size);
    free(p);
    return NULL;
}

static inline void *mem_alloc(const weft_env *env, size_t size)
{
    return mem_realloc(env, NULL, size);
}

/* All bytes zero. */
static inline void *mem_zalloc(const weft_env *env, size_t size)
{
    void *p = mem_alloc(env, size);
    return p ? memset(p, 0, size) : NULL;
}

static inline void mem_free(const weft_env *env, void *p)
{
    if (p) (void)mem_realloc(env, p, 0);
}

#endif
