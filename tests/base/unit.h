/* SPDX-License-Identifier: MIT
 *
 * tests/base/unit.h - what every cmocka program of this room includes
 */
#ifndef BASE_UNIT_H
#define BASE_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft/base.h>

#define countof(array) (sizeof(array) / sizeof *(array))

/* A reproducible sequence (xorshift64*). */
static inline uint32_t roll(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1d) >> 32) % below;
}

/* An env that counts blocks, and in which one allocation fails. */
struct heap {
    weft_env env;
    long live;  /* blocks */
    long asked; /* allocations */
    long fail_at;
};

static inline void *heap_realloc(void *ctx, void *p, size_t size)
{
    struct heap *h = ctx;
    if (!size) {
        h->live -= p != NULL;
        free(p);
        return NULL;
    }
    if (h->asked++ == h->fail_at) return NULL;
    void *q = realloc(p, size);
    h->live += !p && q;
    return q;
}

static inline void heap_init(struct heap *h)
{
    *h = (struct heap){.env = {.ctx = h, .realloc = heap_realloc}, .fail_at = -1};
}

/* The nth allocation from now fails; -1: none. */
static inline void heap_fail(struct heap *h, long nth)
{
    h->asked = 0;
    h->fail_at = nth;
}

#endif
