/* SPDX-License-Identifier: MIT
 *
 * ws/frame.c - reading and writing lengths in network byte order
 */
#include "ws/frame.h"

#include <string.h>

bool frame_length_is_minimal(const uint8_t *head)
{
    uint64_t len = frame_length(head);
    switch (head[1] & FRAME_LEN) {
    case FRAME_LEN16: return len > CONTROL_MAX;
    case FRAME_LEN64: return len > UINT16_MAX && len <= INT64_MAX;
    default: return true;
    }
}

static size_t write_length(uint8_t *to, size_t len)
{
    if (len <= CONTROL_MAX) {
        to[0] = (uint8_t)len;
        return 1;
    }
    size_t wide = len <= UINT16_MAX ? 2 : 8;
    to[0] = wide == 2 ? FRAME_LEN16 : FRAME_LEN64;
    for (size_t i = 0; i < wide; i++) to[1 + i] = (uint8_t)((uint64_t)len >> 8 * (wide - 1 - i));
    return 1 + wide;
}

size_t frame_write_head(uint8_t *to, uint8_t byte0, size_t len, const uint8_t *key)
{
    to[0] = byte0;
    size_t size = 1 + write_length(to + 1, len);
    if (!key) return size;
    to[1] |= FRAME_MASK;
    memcpy(to + size, key, KEY_LEN);
    return size + KEY_LEN;
}
