/* SPDX-License-Identifier: MIT
 *
 * ws/pool.c - lending and taking back
 */
#include "ws/pool.h"

#include <assert.h>
#include <errno.h>

#include "base/env.h"
#include "ws/session.h"

enum { BUFFERS_KEPT = 1024 };

void session_pool_init(weft_session_pool *p, const weft_env *env)
{
    *p = (weft_session_pool){.env = env, .blobs = {.env = env}};
}

int weft_session_pool_new_sized(weft_session_pool **out, const weft_env *env, size_t env_size)
{
    weft_env copy;
    *out = NULL;
    int error = env_take_at(NULL, &copy, &env, env_size);
    if (error) return error;
    weft_session_pool *p = mem_alloc(env, sizeof *p);
    if (!p) return -ENOMEM;
    session_pool_init(p, env ? &p->copy : NULL);
    p->copy = copy;
    *out = p;
    return 0;
}

void session_pool_deinit(weft_session_pool *p)
{
    deflater_free(p->deflater);
    while (p->n) inflater_free(p->inflaters[--p->n]);
    blobs_deinit(&p->blobs);
    while (p->buffers) {
        struct buffers *b = p->buffers;
        p->buffers = b->next;
        mem_free(p->env, b);
    }
}

void weft_session_pool_free(weft_session_pool *p)
{
    if (!p) return;
    session_pool_deinit(p);
    mem_free(p->env, p);
}

struct deflater *deflater_take(weft_session_pool *p, const weft_env *env)
{
    if (!p || !p->deflater) return deflater_new(p ? p->env : env);
    struct deflater *d = p->deflater;
    p->deflater = NULL;
    return d;
}

void deflater_give(weft_session_pool *p, struct deflater *d)
{
    if (!p || p->deflater) {
        deflater_free(d);
        return;
    }
    deflater_trim(d);
    p->deflater = d;
}

struct inflater *inflater_take(weft_session_pool *p, const weft_env *env)
{
    if (p && p->n) return p->inflaters[--p->n];
    return inflater_new(p ? p->env : env);
}

void inflater_give(weft_session_pool *p, struct inflater *i)
{
    if (!i) return;
    if (p && p->n < POOL_INFLATERS) p->inflaters[p->n++] = i;
    else inflater_free(i);
}

struct buffers *buffers_take(weft_session_pool *p, const weft_env *env)
{
    if (!p || !p->buffers) return mem_zalloc(p ? p->env : env, sizeof(struct buffers));
    struct buffers *b = p->buffers;
    p->buffers = b->next;
    p->n_buffers--;
    memset(b, 0, offsetof(struct buffers, in));
    return b;
}

void buffers_give(weft_session_pool *p, const weft_env *env, struct buffers *b)
{
    assert(!b->in.busy && !b->in.window);
    if (!p || p->n_buffers == BUFFERS_KEPT) {
        mem_free(p ? p->env : env, b);
        return;
    }
    b->next = p->buffers;
    p->buffers = b;
    p->n_buffers++;
}
