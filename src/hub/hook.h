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
#include <time.h>

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

/* Microseconds, which never go back. */
static inline uint64_t hook_now_us(const weft_env *env)
{
    struct timespec t;
    if (env && env->now_us) return env->now_us(env->ctx);
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* What people's clocks say: ms since 1970. */
static inline uint64_t hook_time_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
