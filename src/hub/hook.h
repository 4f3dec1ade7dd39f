/* SPDX-License-Identifier: MIT
 *
 * hub/hook.h - the env's memory and randomness, for a room that stands on the public API only
 *
 * The hub could live outside of weft: it includes nothing of base, so it asks the hooks itself.
 */
#ifndef HUB_HOOK_H
#define HUB_HOOK_H

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

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

/* len unpredictable bytes, at most 256 (getrandom gives so many whole): 0 or -errno. */
static inline int hook_random(const weft_env *env, void *buf, size_t len)
{
    if (env && env->random) return env->random(env->ctx, buf, len);
    while (getrandom(buf, len, 0) < 0) {
        if (errno != EINTR) return -errno;
    }
    return 0;
}

#endif
