/* SPDX-License-Identifier: MIT
 *
 * base/sized.h - structs of users that grow (weft/base.h): one function takes them, each has its taker
 *
 *      0.1      [ctx realloc log now_us random]              compiled with 0.1: the rest is zero here
 *      known    [ctx realloc log now_us random one]          the same on both sides
 *      later    [ctx realloc log now_us random one two]      two is zero, or -EINVAL
 *
 * A field is appended, and the taker's last becomes its name; the taker's oldest stays for ever. There is no
 * padding at the end: it would count as known by one side and be a field of the other.
 */
#ifndef BASE_SIZED_H
#define BASE_SIZED_H

#include <weft/base.h>

/* Bytes of a struct up to the end of a field. */
#define SIZED_THROUGH(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

/* Defines int name(env, type *to, const type *from, size_t size), which is weft_sized_take for this struct. oldest
 * is its last field in 0.1, where the fields took so many bytes on a machine of 64 bits; last is its last one now. */
#define SIZED_TAKER(name, type, oldest, bytes, last)                                          \
    _Static_assert(sizeof(void *) != 8 || SIZED_THROUGH(type, oldest) == (bytes), "as ever"); \
    _Static_assert(SIZED_THROUGH(type, last) == sizeof(type), "no padding at the end");       \
    _Static_assert(sizeof(type) <= WEFT_SIZED_MAX, "what weft_sized_take allows");            \
    static inline int name(const weft_env *env, type *to, const type *from, size_t size)      \
    {                                                                                         \
        return weft_sized_take(env, #type, to, sizeof *to, SIZED_THROUGH(type, oldest), from, \
                               size);                                                         \
    }

/* Defines int name_at(env, type *to, const type **at, size_t size), for what another struct points to: it takes *at,
 * and lets it point to what was taken. NULL stays NULL. */
#define SIZED_TAKER_AT(name, type)                                                           \
    static inline int name##_at(const weft_env *env, type *to, const type **at, size_t size) \
    {                                                                                        \
        int error = name(env, to, *at, size);                                                \
        if (*at) *at = to;                                                                   \
        return error;                                                                        \
    }

#endif
