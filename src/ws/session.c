/* SPDX-License-Identifier: MIT
 *
 * ws/session.c - birth, death and the questions one may ask a session
 */
#include "ws/session.h"

#include <errno.h>

static const weft_session_config defaults;

void session_init(weft_session *s, weft_role role, const weft_session_config *cfg)
{
    *s = (weft_session){.cfg = cfg ? cfg : &defaults, .cause = "", .role = (uint8_t)role};
}

void session_drop_message(weft_session *s)
{
    struct recv *r = &s->recv;
    inflater_give(s->cfg->pool, r->inflater);
    r->inflater = NULL;
    if (!r->partial) return;
    buf_deinit(&r->partial->parked);
    if (r->partial->blob) blob_unref(r->partial->blob);
    mem_free(s->cfg->env, r->partial);
    r->partial = NULL;
}

void session_deinit(weft_session *s)
{
    const weft_env *env = s->cfg->env;
    session_drop_message(s);
    mem_free(env, s->recv.window);
    mem_free(env, s->recv.control);
    send_deinit(s);
}

void weft_session_set_deflate(weft_session *s, const weft_deflate_params *agreed)
{
    s->deflate = *agreed;
}

int weft_session_new(weft_session **out, weft_role role, const weft_session_config *cfg)
{
    weft_session *s = mem_alloc(cfg ? cfg->env : NULL, sizeof *s);
    if (!s) return -ENOMEM;
    session_init(s, role, cfg);
    *out = s;
    return 0;
}

void weft_session_free(weft_session *s)
{
    if (!s) return;
    const weft_env *env = s->cfg->env;
    session_deinit(s);
    mem_free(env, s);
}

bool weft_session_closed(const weft_session *s)
{
    if (s->recv.state == RECV_FAILED) return true;
    return s->recv.state == RECV_CLOSED && s->closed;
}

const char *weft_session_cause(const weft_session *s)
{
    return s->cause;
}
