/* SPDX-License-Identifier: MIT
 *
 * channel/pack.h - numbers and bytes in a row, as hub/pack.h has them: rooms on the public API share no code
 *
 * A writer that fails, and a reader that comes to an end too early, remember it: who is through looks once.
 */
#ifndef CHANNEL_PACK_H
#define CHANNEL_PACK_H

#include <errno.h>

#include <weft/base.h>

struct packer {
    int (*write)(const void *data, size_t len, void *user); /* 0, or an error */
    void *user;
    int error;
};

static inline void pack_raw(struct packer *p, const void *data, size_t len)
{
    if (!p->error && len) p->error = p->write(data, len, p->user);
}

/* Of so many bytes, at most 8. */
static inline void pack_number(struct packer *p, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * i));
    pack_raw(p, bytes, size);
}

/* Behind their length, which is a number of that size. */
static inline void pack_bytes(struct packer *p, weft_bytes b, size_t size)
{
    pack_number(p, b.len, size);
    pack_raw(p, b.data, b.len);
}

struct unpacker {
    weft_bytes rest;
    bool bad;
};

static inline weft_bytes unpack_raw(struct unpacker *u, uint64_t len)
{
    weft_bytes taken = u->rest;
    u->bad |= len > u->rest.len;
    if (u->bad || !len) return (weft_bytes){0};
    taken.len = (size_t)len;
    u->rest.data += len;
    u->rest.len -= (size_t)len;
    return taken;
}

static inline uint64_t unpack_number(struct unpacker *u, size_t size)
{
    uint64_t value = 0;
    weft_bytes b = unpack_raw(u, size);
    for (size_t i = 0; i < b.len; i++) value |= (uint64_t)b.data[i] << (8 * i);
    return value;
}

static inline weft_bytes unpack_bytes(struct unpacker *u, size_t size)
{
    return unpack_raw(u, unpack_number(u, size));
}

/* What such a row begins with, and by which version. */
static inline void pack_head(struct packer *p, uint32_t magic, uint32_t version)
{
    pack_number(p, magic, 4);
    pack_number(p, version, 4);
}

/* 0; -EINVAL: it is something else; -ENOTSUP: another version. */
static inline int unpack_head(struct unpacker *u, uint32_t magic, uint32_t version)
{
    if (unpack_number(u, 4) != magic || u->bad) return -EINVAL;
    uint64_t its = unpack_number(u, 4);
    if (u->bad) return -EINVAL;
    return its == version ? 0 : -ENOTSUP;
}

#endif
