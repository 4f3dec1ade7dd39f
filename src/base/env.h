/* SPDX-License-Identifier: MIT
 *
 * base/env.h - the env's clock and randomness
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/sized.h"

SIZED_TAKER(env_take, weft_env, random, 40, random)
SIZED_TAKER_AT(env_take, weft_env)

/* Microseconds, never goes back. */
uint64_t env_now_us(const weft_env *env);

/* len unpredictable bytes: 0 or -errno. */
int env_random(const weft_env *env, void *buf, size_t len);

#endif
