/* SPDX-License-Identifier: MIT
 *
 * aux/hook.h - the env's memory and randomness, for a room that stands on the public API only
 */
#ifndef AUX_HOOK_H
#define AUX_HOOK_H

#include <stdlib.h>
#include <sys/random.h>

#include <weft/base.h>

static inline void *hook_alloc(const weft_env *env, size_t size)
{
    return env && env->realloc ? env->realloc(env->ctx, NULL, size) : malloc(size);
}

static inline void hook_free(const weft_env *env, void *p)
{
    if (p && env && env->realloc) (void)env->realloc(env->ctx, p, 0);
    else free(p);
}

/* Unpredictable; false: there is nothing to be had. */
static inline bool hook_random(const weft_env *env, uint64_t *out)
{
    if (env && env->random) return env->random(env->ctx, out, sizeof *out) >= 0;
    return getrandom(out, sizeof *out, 0) == sizeof *out;
}

#endif
