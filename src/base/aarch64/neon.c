/* SPDX-License-Identifier: MIT
 *
 * base/aarch64/neon.c - kernels of 16 bytes
 *
 * Every processor of this architecture has NEON.
 */
#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

#include "base/kernels.h"

typedef uint8_t vec __attribute__((vector_size(16)));

static inline vec load(const uint8_t *p)
{
    return (vec)vld1q_u8(p);
}

static inline bool any_high(vec v)
{
    return vmaxvq_u8((uint8x16_t)v) >= 0x80;
}

static inline bool any_wrong(vec v)
{
    return vmaxvq_u8((uint8x16_t)v) != 0;
}

static inline vec look_up(const uint8_t table[16], vec v)
{
    return (vec)vqtbl1q_u8(vld1q_u8(table), (uint8x16_t)v);
}

static inline vec less(vec v, uint8_t n)
{
    return (vec)vqsubq_u8((uint8x16_t)v, vdupq_n_u8(n));
}

#include "base/utf8_pairs.h"

#include "base/utf8_blocks.h"

#include "base/mask_blocks.h"

static const struct kernels neon = {"NEON", utf8_blocks, mask_blocks};

const struct kernels *kernels_nth(size_t n)
{
    static const struct kernels *const sets[] = {&neon, &kernels_portable};
    return n < sizeof sets / sizeof *sets ? sets[n] : NULL;
}
