/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_user.c - a weft_tls: made, loaded anew, counted
 */
#include "net/wire/tls_user.h"

#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/log.h"
#include "net/wire/tls.h"

/* ---- the context as it is now ---------------------------------------------------------------- */

struct tls_context *tls_user_context(weft_tls *t)
{
    pthread_mutex_lock(&t->lock);
    struct tls_context *now = tls_context_ref(t->context);
    pthread_mutex_unlock(&t->lock);
    return now;
}

bool tls_can_accept(weft_tls *with)
{
    struct tls_context *now = tls_user_context(with);
    bool can = now->server;
    tls_context_unref(now);
    return can;
}

static void exchange(weft_tls *t, struct tls_context *fresh)
{
    pthread_mutex_lock(&t->lock);
    struct tls_context *before = t->context;
    t->context = fresh;
    pthread_mutex_unlock(&t->lock);
    tls_context_unref(before);
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Every error has words. */
static int in_words(int error, char *why, size_t size)
{
    if (size && error && !*why) snprintf(why, size, "%s", weft_strerror(error));
    return error;
}

static struct complaint no_words(char *why, size_t size)
{
    if (size) *why = 0;
    return (struct complaint){why, size};
}

/* Of the config's ith certificate. */
static int wrong(const weft_env *env, size_t i, struct complaint *why)
{
    char words[128];
    snprintf(words, sizeof words,
             "weft_tls_config.certificates[%zu] is NULL: say a PEM file, or the text", i);
    (void)complaint_write(why, "%s", words);
    return log_wrong(env, "%s", words);
}

static int take(const weft_env *env, weft_tls_config *to, const weft_tls_config *cfg, size_t size,
                struct complaint *why)
{
    int error = tls_config_take(env, to, cfg, size);
    for (size_t i = 0; !error && i < to->n_certificates; i++)
        if (!to->certificates || !to->certificates[i].certificate) error = wrong(env, i, why);
    return error;
}

/* NULL: what it is made from now. */
static int load(weft_tls *t, const weft_tls_config *cfg, struct complaint *why)
{
    struct tls_context *fresh;
    if (!cfg) cfg = tls_config_of(t->context->config);
    if (t->context->n && !cfg->n_certificates)
        return complaint_write(why, "a server needs a certificate, and this may be a server's");
    int error = tls_context_new(&fresh, &t->env, cfg, why);
    if (!error) exchange(t, fresh);
    return error;
}

static int load_alone(weft_tls *t, const weft_tls_config *cfg, struct complaint *why)
{
    pthread_mutex_lock(&t->loading);
    int error = load(t, cfg, why);
    pthread_mutex_unlock(&t->loading);
    return error;
}

int weft_tls_reload(weft_tls *t, char *why, size_t size)
{
    struct complaint complaint = no_words(why, size);
    return in_words(load_alone(t, NULL, &complaint), why, size);
}

int weft_tls_replace_sized(weft_tls *t, const weft_tls_config *cfg, size_t cfg_size, char *why,
                           size_t size)
{
    weft_tls_config taken;
    struct complaint complaint = no_words(why, size);
    int error = take(&t->env, &taken, cfg, cfg_size, &complaint);
    if (!error) error = load_alone(t, &taken, &complaint);
    return in_words(error, why, size);
}

int weft_tls_expires(weft_tls *t, size_t i, int64_t *at)
{
    struct tls_context *now = tls_user_context(t);
    bool there = i < now->n;
    if (there) *at = certificate_expires(&now->certificates[i]);
    tls_context_unref(now);
    return there ? 0 : -ENOENT;
}

/* ---- birth and death ------------------------------------------------------------------------- */

static void destroy(weft_tls *t)
{
    weft_env env = t->env;
    tls_context_unref(t->context);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->loading);
    mem_free(&env, t);
}

static int create(weft_tls **out, const weft_env *env, const weft_tls_config *cfg,
                  struct complaint *why)
{
    weft_tls *t = mem_zalloc(env, sizeof *t);
    if (!t) return -ENOMEM;
    *t = (weft_tls){.env = *env,
                    .refs = 1,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .loading = PTHREAD_MUTEX_INITIALIZER};
    int error = tls_context_new(&t->context, &t->env, cfg, why);
    if (error) destroy(t);
    else *out = t;
    return error;
}

int weft_tls_new_sized(weft_tls **out, const weft_env *env, size_t env_size,
                       const weft_tls_config *cfg, size_t cfg_size, char *why, size_t size)
{
    weft_env hooks;
    weft_tls_config taken;
    *out = NULL;
    struct complaint complaint = no_words(why, size);
    int error = env_take(NULL, &hooks, env, env_size);
    if (!error) error = take(&hooks, &taken, cfg, cfg_size, &complaint);
    if (!error) error = create(out, &hooks, &taken, &complaint);
    return in_words(error, why, size);
}

weft_tls *weft_tls_ref(weft_tls *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void weft_tls_unref(weft_tls *t)
{
    if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1) destroy(t);
}
