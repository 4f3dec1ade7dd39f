/* SPDX-License-Identifier: MIT
 *
 * net/address.c - an address in eight bytes, or in a block that they point to
 */
#include "net/address.h"

#include <errno.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "net/address_counts.h"

enum { INLINE = 1, COUNTED = 2, IS_TCP = 4, IS_UNIX = 8, PORT_AT = 16, IP_AT = 32 };

/* Its own is aligned, so that the lowest bit of a pointer to it is not INLINE. */
struct address_block {
    uint64_t counted_as;
    socklen_t len;
    uint8_t bytes[]; /* of the sockaddr */
};

static bool is_inline(const struct address *a)
{
    return a->word & INLINE;
}

static struct address_block *block_of(const struct address *a)
{
    return is_inline(a) ? NULL : (struct address_block *)(uintptr_t)a->word;
}

void address_clear(struct address *a, const weft_env *env)
{
    mem_free(env, block_of(a));
    a->word = 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void read_inline(uint64_t word, struct sock_addr *out)
{
    if (word & IS_TCP) {
        *out = (struct sock_addr){.len = sizeof out->in};
        out->in = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = (uint16_t)(word >> PORT_AT),
                                       .sin_addr.s_addr = (uint32_t)(word >> IP_AT)};
    } else {
        *out = (struct sock_addr){.len = offsetof(struct sockaddr_un, sun_path),
                                  .un = {.sun_family = AF_UNIX}};
    }
}

int address_get(const struct address *a, struct sock_addr *out)
{
    const struct address_block *b = block_of(a);
    if (!a->word) return -ENOTCONN;
    if (!b) {
        read_inline(a->word, out);
        return 0;
    }
    *out = (struct sock_addr){.len = b->len};
    copy(&out->sa, b->bytes, b->len);
    return 0;
}

static uint64_t own_key(const struct address *a)
{
    struct sock_addr address;
    return address_get(a, &address) == 0 ? address_key(&address) : 0;
}

uint64_t address_counted_as(const struct address *a)
{
    if (is_inline(a)) return a->word & COUNTED ? own_key(a) : 0;
    return a->word ? block_of(a)->counted_as : 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* 0: it needs a block. */
static uint64_t inline_word(const struct sock_addr *from)
{
    struct in_addr ip;
    if (from->sa.sa_family == AF_UNIX)
        return from->len <= offsetof(struct sockaddr_un, sun_path) ? IS_UNIX | INLINE : 0;
    if (!sock_v4(from, &ip)) return 0;
    uint16_t port = from->sa.sa_family == AF_INET ? from->in.sin_port : from->in6.sin6_port;
    return (uint64_t)ip.s_addr << IP_AT | (uint64_t)port << PORT_AT | IS_TCP | INLINE;
}

static int set_block(struct address *a, const weft_env *env, const struct sock_addr *from,
                     uint64_t counted_as)
{
    struct address_block *b = mem_alloc(env, sizeof *b + from->len);
    if (!b) return -ENOMEM;
    b->counted_as = counted_as;
    b->len = from->len;
    copy(b->bytes, &from->sa, from->len);
    address_clear(a, env);
    a->word = (uintptr_t)b;
    return 0;
}

int address_set(struct address *a, const weft_env *env, const struct sock_addr *from,
                uint64_t counted_as)
{
    uint64_t word = inline_word(from);
    if (!word || (counted_as && counted_as != address_key(from)))
        return set_block(a, env, from, counted_as);
    address_clear(a, env);
    a->word = counted_as ? word | COUNTED : word;
    return 0;
}

int address_count_as(struct address *a, const weft_env *env, uint64_t key)
{
    struct sock_addr own;
    if (address_get(a, &own) < 0) return -ENOTCONN;
    if (is_inline(a)) return address_set(a, env, &own, key);
    block_of(a)->counted_as = key;
    return 0;
}
