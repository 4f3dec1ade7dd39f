/* SPDX-License-Identifier: MIT
 *
 * base/utf8_blocks.h - the walk over blocks, for each set of kernels that has vectors
 *
 * Included once by such a set's file, behind
 *
 *      vec             unsigned bytes, as many as the machine takes at a time
 *      load(p)         the bytes at p, which need not be aligned
 *      any_high(v)     whether a byte is 0x80 or more
 *      wrong(p)        for each byte of load(p): can it stand behind the three before it?
 *      any_wrong(v)    what wrong() returned, or several of that in one
 *
 * A byte is judged by the three before it, wherever a block begins. So what a block leaves unfinished is
 * found in the next, and the last block may lie over the one before it.
 */
#ifndef BASE_UTF8_BLOCKS_H
#define BASE_UTF8_BLOCKS_H

#include <stdbool.h>

#include "base/kernels.h"

/* Whether the byte at p has to be a continuation. */
static inline bool is_awaited(const uint8_t *p)
{
    if (p[-1] < 0x80) return false;
    return p[-1] >= 0xc0 || p[-2] >= 0xe0 || p[-3] >= 0xf0;
}

static inline bool is_good(const uint8_t *block)
{
    vec all = {0}, bad = {0};
#pragma GCC unroll 4
    for (size_t i = 0; i < KERNEL_BLOCK; i += sizeof all) all |= load(block + i);
    if (!any_high(all)) return !is_awaited(block);
#pragma GCC unroll 4
    for (size_t i = 0; i < KERNEL_BLOCK; i += sizeof bad) bad |= wrong(block + i);
    return !any_wrong(bad);
}

/* Where the last code point of text[at..n) begins; at, if it is empty. */
static inline size_t last_point(const uint8_t *text, size_t at, size_t n)
{
    while (n > at && (text[--n] & 0xc0) == 0x80) {
    }
    return n;
}

static size_t utf8_blocks(const uint8_t *text, size_t at, size_t n)
{
    size_t i = at;
    for (; n - i >= KERNEL_BLOCK; i += KERNEL_BLOCK)
        if (!is_good(text + i)) return last_point(text, at, i);
    return last_point(text, at, is_good(text + n - KERNEL_BLOCK) ? n : i);
}

#endif
