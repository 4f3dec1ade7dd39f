/* SPDX-License-Identifier: MIT
 *
 * ws/life.c - birth, death and the questions one may ask a session
 */
#include "ws/pool.h"
#include "ws/session.h"

#include <errno.h>

void session_init(weft_session *s, weft_role role, const struct profile *cfg)
{
    *s = (weft_session){.cfg = cfg, .cause = "", .role = (uint8_t)role};
}

static void drop_partial(weft_session *s, struct partial *p)
{
    buf_deinit(&p->parked);
    if (p->blob) blob_unref(p->blob);
    mem_free(s->cfg->env, p);
}

void session_drop_message(weft_session *s)
{
    if (!s->buffers) return;
    struct recv *r = &s->buffers->in;
    inflater_give(s->cfg->pool, r->inflater);
    if (r->partial) drop_partial(s, r->partial);
    mem_free(s->cfg->env, r->control);
    *r = (struct recv){.window = r->window};
    if (s->state == RECV_HEAD) s->state = RECV_IDLE;
    session_tidy(s);
}

static void forget_window(weft_session *s)
{
    if (!s->buffers) return;
    mem_free(s->cfg->env, s->buffers->in.window);
    s->buffers->in.window = NULL;
}

void session_deinit(weft_session *s)
{
    session_drop_message(s);
    forget_window(s);
    send_deinit(s);
}

int weft_session_new(weft_session **out, weft_role role, weft_session_profile *profile)
{
    *out = NULL;
    const struct profile *cfg = profile ? &profile->profile : &profile_default;
    weft_session *s = mem_alloc(cfg->env, sizeof *s);
    if (!s) return -ENOMEM;
    session_init(s, role, cfg);
    if (profile) weft_session_profile_ref(profile);
    *out = s;
    return 0;
}

void weft_session_free(weft_session *s)
{
    if (!s) return;
    const struct profile *cfg = s->cfg;
    session_deinit(s);
    mem_free(cfg->env, s);
    profile_leave(cfg);
}

bool weft_session_closed(const weft_session *s)
{
    if (s->state == RECV_FAILED) return true;
    return s->state == RECV_CLOSED && s->closed;
}

const char *weft_session_cause(const weft_session *s)
{
    return s->cause;
}
