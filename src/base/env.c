/* SPDX-License-Identifier: MIT
 *
 * base/env.c - the defaults behind the hooks: CLOCK_MONOTONIC and getrandom()
 */
#include "base/env.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

const weft_env *env_within(weft_env *to, const void *cfg, size_t cfg_size, size_t oldest,
                           size_t offset, size_t env_size)
{
    const weft_env *at;
    if (!cfg || cfg_size < oldest || cfg_size > WEFT_SIZED_MAX) return NULL;
    memcpy(&at, (const unsigned char *)cfg + offset, sizeof at);
    return at && env_take(NULL, to, at, env_size) == 0 ? to : NULL;
}

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
