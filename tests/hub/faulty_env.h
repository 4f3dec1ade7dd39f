/* SPDX-License-Identifier: MIT
 *
 * tests/hub/faulty_env.h - an env that counts what is allocated and can fail the Nth allocation
 *
 * Its random counts on, 0, 1, 2 ..., so that a run can be repeated, and its clock stands still until the test moves it.
 */
#ifndef FAULTY_ENV_H
#define FAULTY_ENV_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weft/base.h>

struct faulty {
    weft_env env;
    long fail_at; /* the allocation that fails, counted from 0; -1: none */
    long asked;   /* allocations since faulty_from */
    long live;    /* blocks not yet freed */
    int random_error;
    uint8_t random; /* the next byte */
    uint64_t now_us;
};

static void *faulty_realloc(void *ctx, void *p, size_t size)
{
    struct faulty *f = ctx;
    if (size == 0) {
        f->live -= p != NULL;
        free(p);
        return NULL;
    }
    if (f->asked++ == f->fail_at) return NULL;
    void *q = realloc(p, size);
    f->live += !p && q;
    return q;
}

static int faulty_random(void *ctx, void *buf, size_t len)
{
    struct faulty *f = ctx;
    for (size_t i = 0; i < len; i++) ((uint8_t *)buf)[i] = f->random++;
    return f->random_error;
}

static uint64_t faulty_now_us(void *ctx)
{
    return ((const struct faulty *)ctx)->now_us;
}

static void faulty_init(struct faulty *f)
{
    *f = (struct faulty){.env = {.ctx = f,
                                 .realloc = faulty_realloc,
                                 .now_us = faulty_now_us,
                                 .random = faulty_random},
                         .fail_at = -1,
                         .now_us = 1000 * 1000};
}

/* From now on the nth allocation fails; -1: none does. */
static void faulty_from(struct faulty *f, long nth)
{
    f->asked = 0;
    f->fail_at = nth;
}

#endif
