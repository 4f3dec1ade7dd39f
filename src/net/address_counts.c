/* SPDX-License-Identifier: MIT
 *
 * net/address_counts.c - a count for each address: linear probing, backward-shift deletion
 */
#include "net/address_counts.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/alloc.h"
#include "base/env.h"

enum { SIZE_MIN = 64 };

static bool is_v4_mapped(const struct sock_addr *a)
{
    return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr);
}

uint64_t address_key(const struct sock_addr *a)
{
    if (sock_is_loopback(a)) return 0;
    uint32_t v4 = 0;
    uint64_t v6 = 0;
    if (a->sa.sa_family == AF_INET) memcpy(&v4, &a->in.sin_addr, sizeof v4);
    if (is_v4_mapped(a)) memcpy(&v4, a->in6.sin6_addr.s6_addr + 12, sizeof v4);
    if (v4) return (uint64_t)UINT32_MAX << 32 | v4;
    if (a->sa.sa_family == AF_INET6) memcpy(&v6, a->in6.sin6_addr.s6_addr, sizeof v6);
    return v6;
}

/* Multiply and fold with a secret, so that nobody can choose addresses that collide. */
static size_t home_slot(const struct address_counts *p, uint64_t key)
{
    unsigned __int128 wide = (unsigned __int128)(key ^ p->secret) * (p->secret | 1);
    return ((uint64_t)wide ^ (uint64_t)(wide >> 64)) & (p->size - 1);
}

static size_t find(const struct address_counts *p, uint64_t key)
{
    size_t i = home_slot(p, key);
    while (p->table[i].key && p->table[i].key != key) i = (i + 1) & (p->size - 1);
    return i;
}

static int grow(struct address_counts *p, const weft_env *env)
{
    struct address_counts bigger = {.size = p->size ? 2 * p->size : SIZE_MIN};
    int error = env_random(env, &bigger.secret, sizeof bigger.secret);
    if (error) return error;
    bigger.table = mem_zalloc(env, bigger.size * sizeof *bigger.table);
    if (!bigger.table) return -ENOMEM;
    for (size_t i = 0; i < p->size; i++)
        if (p->table[i].key) bigger.table[find(&bigger, p->table[i].key)] = p->table[i];
    mem_free(env, p->table);
    p->table = bigger.table;
    p->size = bigger.size;
    p->secret = bigger.secret;
    return 0;
}

static int add(struct address_counts *p, const weft_env *env, uint64_t key, uint64_t max)
{
    int error = 2 * p->used >= p->size ? grow(p, env) : 0;
    if (error) return error;
    struct address_count *c = &p->table[find(p, key)];
    if (c->n >= max) return WEFT_ERR_POLICY;
    if (!c->n) p->used++;
    c->key = key;
    c->n++;
    return 0;
}

int address_counts_add(struct address_counts *p, const weft_env *env, uint64_t key, uint64_t max)
{
    if (!key || !max) return 0;
    pthread_mutex_lock(&p->lock);
    int error = add(p, env, key, max);
    pthread_mutex_unlock(&p->lock);
    return error;
}

/* Close the gap at i, so that a search never stops too early. */
static void close_gap(struct address_counts *p, size_t i)
{
    size_t mask = p->size - 1;
    for (size_t next = (i + 1) & mask; p->table[next].key; next = (next + 1) & mask) {
        size_t wanted = home_slot(p, p->table[next].key);
        if (((next - wanted) & mask) < ((next - i) & mask)) continue;
        p->table[i] = p->table[next];
        i = next;
    }
    p->table[i] = (struct address_count){0};
}

static void take_away(struct address_counts *p, uint64_t key)
{
    if (!p->size) return;
    size_t i = find(p, key);
    if (!p->table[i].key || --p->table[i].n) return;
    p->used--;
    close_gap(p, i);
}

void address_counts_remove(struct address_counts *p, uint64_t key)
{
    if (!key) return;
    pthread_mutex_lock(&p->lock);
    take_away(p, key);
    pthread_mutex_unlock(&p->lock);
}

void address_counts_init(struct address_counts *p)
{
    *p = (struct address_counts){0};
    pthread_mutex_init(&p->lock, NULL);
}

void address_counts_deinit(struct address_counts *p, const weft_env *env)
{
    mem_free(env, p->table);
    pthread_mutex_destroy(&p->lock);
}
