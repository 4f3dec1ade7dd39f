/* SPDX-License-Identifier: MIT
 *
 * base/mask_blocks.h - masking, for each set of kernels that has vectors
 *
 * Included once by such a set's file, behind vec and load().
 */
#ifndef BASE_MASK_BLOCKS_H
#define BASE_MASK_BLOCKS_H

#include <string.h>

#include "base/kernels.h"

static void mask_blocks(uint8_t *to, const uint8_t *from, size_t n, uint64_t pattern)
{
    typedef uint64_t words __attribute__((vector_size(sizeof(vec))));
    vec wide = (vec)((words){0} | pattern);
    for (size_t i = 0; i < n; i += KERNEL_BLOCK)
#pragma GCC unroll 4
        for (size_t k = 0; k < KERNEL_BLOCK; k += sizeof wide) {
            vec masked = load(from + i + k) ^ wide;
            memcpy(to + i + k, &masked, sizeof masked);
        }
}

#endif
