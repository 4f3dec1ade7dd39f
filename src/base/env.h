/* SPDX-License-Identifier: MIT
 *
 * base/env.h - the env's clock and randomness
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/sized.h"

SIZED_TAKER(env_take, weft_env, random, 40, random)
SIZED_TAKER_AT(env_take, weft_env)

/* The env that stands in a config of a size that can be, which has not been taken itself: to its log goes what is
 * wrong with the config. NULL: none. */
const weft_env *env_within(weft_env *to, const void *cfg, size_t cfg_size, size_t oldest,
                           size_t offset, size_t env_size);

/* Microseconds, never goes back. */
uint64_t env_now_us(const weft_env *env);

/* len unpredictable bytes: 0 or -errno. */
int env_random(const weft_env *env, void *buf, size_t len);

#endif
