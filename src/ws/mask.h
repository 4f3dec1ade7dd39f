/* SPDX-License-Identifier: MIT
 *
 * ws/mask.h - masking (RFC 6455, 5.3): payload XOR key, repeated
 *
 * A key is four bytes in wire order. Both functions return the key turned so that it fits the byte
 * behind the last one: masking can go on in the next read. A copy goes to where nothing of the original
 * lies, or exactly onto it.
 */
#ifndef WS_MASK_H
#define WS_MASK_H

#include <stddef.h>
#include <stdint.h>

typedef struct mask_key {
    uint8_t bytes[4];
} mask_key;

static inline mask_key mask_key_at(const uint8_t *p)
{
    return (mask_key){{p[0], p[1], p[2], p[3]}};
}

mask_key mask_in_place(uint8_t *data, size_t n, mask_key key);
mask_key mask_copy(uint8_t *to, const uint8_t *from, size_t n, mask_key key);

#endif
