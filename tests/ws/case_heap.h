/* SPDX-License-Identifier: MIT
 *
 * tests/ws/case_heap.h - an env for sessions under test: an allocator that can fail, counts, and never
 * resizes in place (so that a stale pointer is always a wrong one), and randomness that counts
 */
#ifndef TESTS_CASE_HEAP_H
#define TESTS_CASE_HEAP_H

#include <errno.h>
#include <sys/random.h>

#include <weft/base.h>

#include "ws/case_bytes.h"

struct heap {
    weft_env env;
    size_t asked;   /* allocations asked for */
    size_t fail_at; /* which of them fails, from 1; 0: none */
    bool fail_on;   /* and all later ones */
    bool failed;
    size_t in_use; /* bytes */
    size_t drawn;  /* random bytes handed out */
};

enum { HEAP_HEAD = 16 }; /* holds the size, keeps the alignment */

static inline void heap_give_back(struct heap *h, uint8_t *p)
{
    if (!p) return;
    size_t size;
    memcpy(&size, p - HEAP_HEAD, sizeof size);
    h->in_use -= size;
    free(p - HEAP_HEAD);
}

static inline void *heap_realloc(void *ctx, void *old, size_t size)
{
    struct heap *h = ctx;
    if (!size) {
        heap_give_back(h, old);
        return NULL;
    }
    h->asked++;
    if (h->asked == h->fail_at || (h->failed && h->fail_on)) {
        h->failed = true;
        return NULL;
    }
    uint8_t *p = malloc(HEAP_HEAD + size);
    if (!p) abort();
    p += HEAP_HEAD;
    memcpy(p - HEAP_HEAD, &size, sizeof size);
    h->in_use += size;
    if (old) {
        size_t old_size;
        memcpy(&old_size, (uint8_t *)old - HEAP_HEAD, sizeof old_size);
        memcpy(p, old, old_size < size ? old_size : size);
        heap_give_back(h, old);
    }
    return p;
}

static inline int heap_random(void *ctx, void *buf, size_t len)
{
    struct heap *h = ctx;
    h->drawn += len;
    for (size_t n; len; len -= n) {
        n = len < 256 ? len : 256;
        if (getrandom(buf, n, 0) != (ssize_t)n) return -errno;
        buf = (uint8_t *)buf + n;
    }
    return 0;
}

static inline void heap_init(struct heap *h, size_t fail_at, bool fail_on)
{
    *h = (struct heap){.fail_at = fail_at, .fail_on = fail_on};
    h->env = (weft_env){.ctx = h, .realloc = heap_realloc, .random = heap_random};
}

#endif
