/* SPDX-License-Identifier: MIT
 *
 * channel/hook.h - the env's memory, for a room that stands on the public API only
 */
#ifndef CHANNEL_HOOK_H
#define CHANNEL_HOOK_H

#include <stdlib.h>

#include <weft/base.h>

/* size 0 frees. */
static inline void *hook_realloc(const weft_env *env, void *p, size_t size)
{
    if (env && env->realloc) return env->realloc(env->ctx, p, size);
    if (size) return realloc(p, size);
    free(p);
    return NULL;
}

static inline void hook_free(const weft_env *env, void *p)
{
    if (p) (void)hook_realloc(env, p, 0);
}

#endif
