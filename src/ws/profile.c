/* SPDX-License-Identifier: MIT
 *
 * ws/profile.c - a session's config, copied and counted
 */
#include "ws/profile.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/limits.h"
#include "ws/deflate.h"

SIZED_TAKER(config_take, weft_session_config, pool, 40, pool)

const struct profile profile_default;

static int take(weft_session_profile *p, const weft_session_config *from, size_t size,
                size_t env_size, size_t limits_size, size_t deflate_size)
{
    weft_session_config cfg;
    const weft_env *env = env_within(&p->env, from, size, SIZED_THROUGH(weft_session_config, pool),
                                     offsetof(weft_session_config, env), env_size);
    int error = config_take(env, &cfg, from, size);
    if (!error) error = env_take_at(NULL, &p->env, &cfg.env, env_size);
    if (!error) error = limits_take_at(env, &p->limits, &cfg.limits, limits_size);
    if (!error) error = deflate_take_at(env, &p->deflate, &cfg.deflate, deflate_size);
    if (error) return error;
    p->profile = (struct profile){cfg.env, cfg.limits, cfg.deflate, cfg.pool, cfg.chunked};
    return 0;
}

/* The same elsewhere: what lay in from lies in p. */
static void move(weft_session_profile *p, const weft_session_profile *from)
{
    p->profile = from->profile;
    p->env = from->env;
    p->limits = from->limits;
    p->deflate = from->deflate;
    if (p->profile.env) p->profile.env = &p->env;
    if (p->profile.limits) p->profile.limits = &p->limits;
    if (p->profile.deflate) p->profile.deflate = &p->deflate;
    atomic_init(&p->refs, 1);
}

int weft_session_profile_new_sized(weft_session_profile **out, const weft_session_config *cfg,
                                   size_t cfg_size, size_t env_size, size_t limits_size,
                                   size_t deflate_size)
{
    weft_session_profile taken = {0};
    *out = NULL;
    int error = take(&taken, cfg, cfg_size, env_size, limits_size, deflate_size);
    if (error) return error;
    weft_session_profile *p = mem_alloc(taken.profile.env, sizeof *p);
    if (!p) return -ENOMEM;
    move(p, &taken);
    *out = p;
    return 0;
}

weft_session_profile *weft_session_profile_ref(weft_session_profile *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void weft_session_profile_unref(weft_session_profile *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    mem_free(p->profile.env, p);
}
