/* SPDX-License-Identifier: MIT
 *
 * ws/mask.c - masking, sixteen bytes at a time; much of it by a kernel
 *
 * The end of what is masked lies over what comes before it: it is read before anything is written, and
 * what is written twice is written the same. In place is a copy onto itself.
 */
#include "ws/mask.h"

#include <string.h>

#include "base/kernels.h"

enum {
    MUCH = 512, /* from here on a kernel is faster, its call included */
    LITTLE_ENDIAN_FIRST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
};

typedef uint64_t sixteen __attribute__((vector_size(16)));

static inline uint64_t twice(mask_key key)
{
    uint32_t once;
    memcpy(&once, key.bytes, sizeof once);
    return (uint64_t)once << 32 | once;
}

static inline mask_key turn(mask_key key, size_t n)
{
    size_t left = n % 4, right = 4 - left;
    uint32_t turned = (uint32_t)(twice(key) >> 8 * (LITTLE_ENDIAN_FIRST ? left : right));
    memcpy(key.bytes, &turned, sizeof turned);
    return key;
}

static inline uint64_t load(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline sixteen load_sixteen(const uint8_t *p)
{
    sixteen v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void mask_few(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    for (size_t i = 0; i < n; i++) to[i] = from[i] ^ key.bytes[i % 4];
}

/* 8 to 16 bytes, in two words */
static inline void mask_some(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    uint8_t *end = to + n - sizeof(uint64_t);
    uint64_t first = load(from) ^ twice(key);
    uint64_t last = load(from + n - sizeof last) ^ twice(turn(key, n));
    memcpy(to, &first, sizeof first);
    memcpy(end, &last, sizeof last);
}

/* 16 bytes or more */
static inline void mask_more(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    size_t end = n - sizeof(sixteen);
    sixteen last = load_sixteen(from + end) ^ twice(turn(key, n));
#pragma GCC unroll 4
    for (size_t i = 0; i < end; i += sizeof last) {
        sixteen masked = load_sixteen(from + i) ^ twice(key);
        memcpy(to + i, &masked, sizeof masked);
    }
    memcpy(to + end, &last, sizeof last);
}

static inline mask_key mask_little(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    if (n >= sizeof(sixteen)) mask_more(to, from, n, key);
    else if (n >= sizeof(uint64_t)) mask_some(to, from, n, key);
    else mask_few(to, from, n, key);
    return turn(key, n);
}

/* A kernel writes whole cache lines; what lies before and behind them is little. */
static mask_key mask_much(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    size_t head = -(uintptr_t)to % KERNEL_BLOCK, rest = (n - head) % KERNEL_BLOCK;
    size_t blocks = n - head - rest, end = n - rest;
    key = mask_little(to, from, head, key);
    kernels_best()->mask(to + head, from + head, blocks, twice(key));
    return mask_little(to + end, from + end, rest, key);
}

mask_key mask_copy(uint8_t *to, const uint8_t *from, size_t n, mask_key key)
{
    return n >= MUCH ? mask_much(to, from, n, key) : mask_little(to, from, n, key);
}

mask_key mask_in_place(uint8_t *data, size_t n, mask_key key)
{
    return mask_copy(data, data, n, key);
}
