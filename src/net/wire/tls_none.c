/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_none.c - weft without TLS: in place of all the other tls_*.c
 *
 * There is one way in, weft_tls_new, and it says no. So nobody has a weft_tls, no wire has an end of TLS, and what
 * comes below is never asked.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/env.h"
#include "net/wire/tls.h"

static const char words[] = "weft was built without TLS";

int weft_tls_new_sized(weft_tls **out, const weft_env *env, size_t env_size,
                       const weft_tls_config *cfg, size_t cfg_size, char *why, size_t size)
{
    weft_env hooks;
    weft_tls_config taken;
    int error = env_take(NULL, &hooks, env, env_size);
    if (!error) error = tls_config_take(&hooks, &taken, cfg, cfg_size);
    if (size) snprintf(why, size, "%s", error ? weft_strerror(error) : words);
    *out = NULL;
    return error ? error : WEFT_ERR_UNSUPPORTED;
}

/* ---- nobody has one -------------------------------------------------------------------------- */

int weft_tls_reload(weft_tls *t, char *why, size_t size)
{
    assert(!t);
    (void)t, (void)why, (void)size;
    return WEFT_ERR_UNSUPPORTED;
}

int weft_tls_replace_sized(weft_tls *t, const weft_tls_config *cfg, size_t cfg_size, char *why,
                           size_t size)
{
    assert(!t);
    (void)t, (void)cfg, (void)cfg_size, (void)why, (void)size;
    return WEFT_ERR_UNSUPPORTED;
}

int weft_tls_expires(weft_tls *t, size_t i, int64_t *at)
{
    assert(!t);
    (void)t, (void)i, (void)at;
    return -ENOENT;
}

weft_tls *weft_tls_ref(weft_tls *t)
{
    assert(!t);
    return t;
}

void weft_tls_unref(weft_tls *t)
{
    assert(!t);
    (void)t;
}

bool tls_can_accept(weft_tls *with)
{
    assert(!with);
    (void)with;
    return false;
}

struct tls *tls_accept(const weft_env *env, weft_tls *with)
{
    assert(!with);
    (void)env, (void)with;
    return NULL;
}

struct tls *tls_connect(const weft_env *env, weft_tls *with, weft_bytes host, uint16_t port,
                        unsigned how)
{
    assert(!with);
    (void)env, (void)with, (void)host, (void)port, (void)how;
    return NULL;
}

/* ---- no wire has an end ---------------------------------------------------------------------- */

void tls_free(struct tls *t)
{
    assert(!t);
    (void)t;
}

void tls_feed(struct tls *t, weft_bytes in)
{
    assert(!t);
    (void)t, (void)in;
}

int tls_read(struct tls *t, uint8_t *to, size_t room)
{
    assert(!t);
    (void)t, (void)to, (void)room;
    return WEFT_ERR_TLS;
}

int tls_write(struct tls *t, const struct outq *plain, uint8_t *scratch, size_t *taken)
{
    assert(!t);
    (void)t, (void)plain, (void)scratch;
    *taken = 0;
    return WEFT_ERR_TLS;
}

void tls_close(struct tls *t)
{
    assert(!t);
    (void)t;
}

struct outq *tls_out(struct tls *t)
{
    assert(!t);
    (void)t;
    return NULL;
}

bool tls_ready(const struct tls *t)
{
    assert(!t);
    (void)t;
    return false;
}

bool tls_ended(const struct tls *t)
{
    assert(!t);
    (void)t;
    return false;
}

bool tls_broken(const struct tls *t)
{
    assert(!t);
    (void)t;
    return true;
}

bool tls_met_http(const struct tls *t)
{
    assert(!t);
    (void)t;
    return false;
}

const char *tls_cause(const struct tls *t)
{
    assert(!t);
    (void)t;
    return words;
}

void tls_identify(const struct tls *t, struct facts *f)
{
    assert(!t);
    (void)t, (void)f;
}
