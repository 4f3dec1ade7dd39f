/* SPDX-License-Identifier: MIT
 *
 * ws/mask.c - masking, eight bytes at a time
 *
 * In place is a copy onto itself; the compiler turns the loop over words into vectors.
 */
#include "ws/mask.h"

#include <string.h>

static mask_key turn(mask_key key, size_t n)
{
    mask_key turned;
    for (size_t i = 0; i < 4; i++) turned.bytes[i] = key.bytes[(i + n) % 4];
    return turned;
}

static uint64_t twice(mask_key key)
{
    uint32_t once;
    memcpy(&once, key.bytes, sizeof once);
    return (uint64_t)once << 32 | once;
}

mask_key mask_copy(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    uint64_t word, wide = twice(key);
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        memcpy(&word, from + i, 8);
        word ^= wide;
        memcpy(to + i, &word, 8);
    }
    for (; i < n; i++) to[i] = from[i] ^ key.bytes[i % 4];
    return turn(key, n);
}

mask_key mask_in_place(uint8_t *data, size_t n, mask_key key)
{
    return mask_copy(data, data, n, key);
}
