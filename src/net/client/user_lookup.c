/* SPDX-License-Identifier: MIT
 *
 * net/client/user_lookup.c - from the user's question to his answer
 *
 * An answer is posted, and so never heard inside the call that gives it.
 */
#include "net/client/user_lookup.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/list.h"

static void lookup_free(weft_lookup *k)
{
    weft_env env = k->env;
    mem_free(k->has_env ? &env : NULL, k);
}

static void tell(weft_errand *p)
{
    weft_lookup *k = container_of(p, weft_lookup, post);
    if (k->asker) k->on_done(k->asker, k->error, k->addresses, k->n);
    lookup_free(k);
}

weft_lookup *user_lookup_new(weft_loop *l, uint16_t port, void *asker,
                             void (*on_done)(void *asker, int error,
                                             const struct sock_addr *addresses, size_t n))
{
    const weft_env *env = weft_loop_env(l);
    weft_lookup *k = mem_zalloc(env, sizeof *k);
    if (!k) return NULL;
    k->post.run = tell;
    k->loop = l;
    k->has_env = env != NULL;
    if (env) k->env = *env;
    k->asker = asker;
    k->on_done = on_done;
    k->port = port;
    return k;
}

void user_lookup_cancel(weft_lookup *k)
{
    if (k) k->asker = NULL;
}

void *user_lookup_refused(weft_lookup *k)
{
    void *asker = k->asker;
    k->asker = NULL;
    if (!k->answered) lookup_free(k);
    return asker;
}

/* 0 or -EINVAL. */
static int keep(weft_lookup *k, const char *const *addresses)
{
    while (*addresses && k->n < LOOKUP_MAX) {
        struct sock_addr *to = &k->addresses[k->n++];
        if (sock_numeric(to, *addresses++, k->port) < 0) return -EINVAL;
    }
    return k->n ? 0 : -EINVAL;
}

int weft_lookup_answer(weft_lookup *k, int error, const char *const *addresses)
{
    if (!k->asker) {
        lookup_free(k);
        return 0;
    }
    int bad = error < 0 ? 0 : keep(k, addresses);
    k->error = bad ? WEFT_ERR_RESOLVE : error < 0 ? error : 0;
    k->answered = true;
    loop_post(k->loop, &k->post);
    return bad;
}
