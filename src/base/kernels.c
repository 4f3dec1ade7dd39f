/* SPDX-License-Identifier: MIT
 *
 * base/kernels.c - kernels in plain C, of words of eight bytes
 *
 * What is not ASCII is left to the automaton of utf8.c.
 */
#include "base/kernels.h"

#include <stdbool.h>
#include <string.h>

static bool is_ascii(const uint8_t *block)
{
    uint64_t word, all = 0;
    for (size_t i = 0; i < KERNEL_BLOCK; i += sizeof word) {
        memcpy(&word, block + i, sizeof word);
        all |= word;
    }
    return !(all & 0x8080808080808080u);
}

static size_t ascii_blocks(const uint8_t *text, size_t at, size_t n)
{
    while (n - at >= KERNEL_BLOCK && is_ascii(text + at)) at += KERNEL_BLOCK;
    return at;
}

static void mask_words(uint8_t *to, const uint8_t *from, size_t n, uint64_t pattern)
{
    for (size_t i = 0; i < n; i += sizeof pattern) {
        uint64_t word;
        memcpy(&word, from + i, sizeof word);
        word ^= pattern;
        memcpy(to + i, &word, sizeof word);
    }
}

const struct kernels kernels_portable = {"portable", ascii_blocks, mask_words};
