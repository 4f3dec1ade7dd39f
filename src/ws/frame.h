/* SPDX-License-Identifier: MIT
 *
 * ws/frame.h - the head of a frame (RFC 6455, 5.2)
 *
 *      byte 0      FIN RSV1 RSV2 RSV3 opcode(4)
 *      byte 1      MASK length(7)
 *      0, 2 or 8   the length again, if it did not fit: 126 and 127 say so
 *      0 or 4      the masking key
 */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <string.h>

#include <weft/session.h>

enum {
    FRAME_FIN = 0x80,
    FRAME_RSV = 0x70,
    FRAME_RSV1 = 0x40, /* the message is compressed (RFC 7692, 6) */
    FRAME_OPCODE = 0x0f,
    FRAME_CONTROL = 0x08, /* the opcode's bit that makes it a control frame */
    FRAME_MASK = 0x80,
    FRAME_LEN = 0x7f,
    FRAME_LEN16 = 126,
    FRAME_LEN64 = 127,
    FRAME_HEAD_MIN = 2,
    FRAME_HEAD_MAX = 14,
    CONTROL_MAX = 125, /* payload of a control frame */
    KEY_LEN = 4
};

/* How long a head is of which the first two bytes are known: without the key, and with it. */
static inline size_t frame_length_end(const uint8_t *head)
{
    uint8_t len = head[1] & FRAME_LEN;
    return len == FRAME_LEN64 ? 10 : len == FRAME_LEN16 ? 4 : 2;
}

static inline size_t frame_head_end(const uint8_t *head)
{
    return frame_length_end(head) + (head[1] & FRAME_MASK ? KEY_LEN : 0);
}

/* The n bytes at p, most significant first. */
static inline uint64_t frame_load(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    while (n--) value = value << 8 | *p++;
    return value;
}

/* The payload's length, once frame_length_end bytes are there. */
static inline uint64_t frame_length(const uint8_t *head)
{
    switch (head[1] & FRAME_LEN) {
    case FRAME_LEN16: return frame_load(head + FRAME_HEAD_MIN, 2);
    case FRAME_LEN64: return frame_load(head + FRAME_HEAD_MIN, 8);
    default: return head[1] & FRAME_LEN;
    }
}

/* Whether the length is written in the fewest bytes, and below 2^63. */
static inline bool frame_length_is_minimal(const uint8_t *head)
{
    uint64_t len = frame_length(head);
    switch (head[1] & FRAME_LEN) {
    case FRAME_LEN16: return len > CONTROL_MAX;
    case FRAME_LEN64: return len > UINT16_MAX && len <= INT64_MAX;
    default: return true;
    }
}

/* How long the head of a frame with that payload is. */
static inline size_t frame_head_size(size_t len, bool masked)
{
    size_t size = len <= CONTROL_MAX ? 2 : len <= UINT16_MAX ? 4 : 10;
    return size + (masked ? KEY_LEN : 0);
}

/* The n lowest bytes of value, most significant first. */
static inline void frame_store(uint8_t *p, size_t n, uint64_t value)
{
    while (n--) p[n] = (uint8_t)value, value >>= 8;
}

/* Write a head; key is NULL in a frame that is not masked. Returns its size. */
static inline size_t frame_write_head(uint8_t *to, uint8_t byte0, size_t len, const uint8_t *key)
{
    size_t size = frame_head_size(len, false);
    uint8_t mask = key ? FRAME_MASK : 0;
    to[0] = byte0;
    to[1] = mask | (uint8_t)(size == 2 ? len : size == 4 ? FRAME_LEN16 : FRAME_LEN64);
    if (size == 4) frame_store(to + FRAME_HEAD_MIN, 2, len);
    if (size == 10) frame_store(to + FRAME_HEAD_MIN, 8, len);
    if (key) memcpy(to + size, key, KEY_LEN);
    return size + (key ? KEY_LEN : 0);
}

#endif
