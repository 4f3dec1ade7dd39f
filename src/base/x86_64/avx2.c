/* SPDX-License-Identifier: MIT
 *
 * base/x86_64/avx2.c - kernels of 32 bytes, for processors since 2013 (compiled with -mavx2)
 */
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "base/x86_64/sets.h"

typedef uint8_t vec __attribute__((vector_size(32)));

static inline vec load(const uint8_t *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline bool any_wrong(vec v)
{
    return !_mm256_testz_si256((__m256i)v, (__m256i)v);
}

static inline bool any_high(vec v)
{
    return _mm256_movemask_epi8((__m256i)v);
}

static inline vec look_up(const uint8_t table[16], vec v)
{
    __m128i half;
    memcpy(&half, table, sizeof half);
    return (vec)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), (__m256i)v);
}

static inline vec less(vec v, uint8_t n)
{
    return (vec)_mm256_subs_epu8((__m256i)v, _mm256_set1_epi8((char)n));
}

#include "base/utf8_pairs.h"

#include "base/utf8_blocks.h"

#include "base/mask_blocks.h"

const struct kernels kernels_avx2 = {"AVX2", utf8_blocks, mask_blocks};
