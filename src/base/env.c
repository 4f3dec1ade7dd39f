/* SPDX-License-Identifier: MIT
 *
 * base/env.c - the defaults behind the hooks: CLOCK_MONOTONIC and getrandom()
 */
#include "base/env.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

uint64_t env_now_us(const weft_env *env)
{
    if (env && env->now_us) return env->now_us(env->ctx);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int env_random(const weft_env *env, void *buf, size_t len)
{
    if (env && env->random) return env->random(env->ctx, buf, len);
    for (uint8_t *p = buf; len;) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) p += n, len -= (size_t)n;
    }
    return 0;
}
