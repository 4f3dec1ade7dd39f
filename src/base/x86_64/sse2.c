/* SPDX-License-Identifier: MIT
 *
 * base/x86_64/sse2.c - kernels of 16 bytes, for every processor of this architecture
 *
 * SSE2 cannot look bytes up, so the rules of RFC 3629 are comparisons. What it compares it takes as signed:
 * 80 to FF are below 0, in order. Only the highest bit of each byte of a result counts.
 */
#include <emmintrin.h>
#include <stdbool.h>
#include <string.h>

#include "base/x86_64/sets.h"

typedef uint8_t vec __attribute__((vector_size(16)));

static inline vec load(const uint8_t *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline bool any_high(vec v)
{
    return _mm_movemask_epi8((__m128i)v);
}

#define any_wrong any_high

static inline vec below(vec v, uint8_t limit)
{
    return (vec)_mm_cmplt_epi8((__m128i)v, _mm_set1_epi8((char)limit));
}

/* The highest bit of each byte that is limit or more; limit > 0x80. */
static inline vec from(vec v, uint8_t limit)
{
    return (vec)_mm_subs_epu8((__m128i)v, _mm_set1_epi8((char)(limit - 0x80)));
}

/* 0xff where v is yes and the mask is set, or v is no and it is not. */
static inline vec is_either(vec v, vec mask, uint8_t yes, uint8_t no)
{
    return (vec)(v == ((mask & (uint8_t)(yes ^ no)) ^ no));
}

static inline vec wrong(const uint8_t *p)
{
    vec now = load(p), first = load(p - 1);
    vec awaited = from(first, 0xc0) | from(load(p - 2), 0xe0) | from(load(p - 3), 0xf0);
    vec continues = below(now, 0xc0);
    vec misfit = is_either(first, below(now, 0xa0), 0xe0, 0xed) |
                 is_either(first, below(now, 0x90), 0xf0, 0xf4);
    vec never = (vec)((now & 0xfe) == 0xc0) | from(now, 0xf5);
    return (awaited ^ continues) | misfit | never;
}

#include "base/utf8_blocks.h"

#include "base/mask_blocks.h"

const struct kernels kernels_sse2 = {"SSE2", utf8_blocks, mask_blocks};
