/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_sessions.c - a short list, searched from the front
 */
#include "net/wire/tls_sessions.h"

#include <string.h>

#include <openssl/ssl.h>

#include "base/alloc.h"

struct kept {
    struct list link;
    SSL_SESSION *session;
    char name[];
};

void tls_sessions_init(struct tls_sessions *s, const weft_env *env)
{
    *s = (struct tls_sessions){.env = env, .lock = PTHREAD_MUTEX_INITIALIZER};
    list_init(&s->list);
}

static void forget(struct tls_sessions *s, struct kept *k)
{
    list_remove(&k->link);
    s->n--;
    SSL_SESSION_free(k->session);
    mem_free(s->env, k);
}

static struct kept *oldest(const struct tls_sessions *s)
{
    return container_of(s->list.next, struct kept, link);
}

void tls_sessions_deinit(struct tls_sessions *s)
{
    while (s->n) forget(s, oldest(s));
    pthread_mutex_destroy(&s->lock);
}

static struct kept *find(const struct tls_sessions *s, const char *name)
{
    for (struct list *at = s->list.next; at != &s->list; at = at->next) {
        struct kept *k = container_of(at, struct kept, link);
        if (strcmp(k->name, name) == 0) return k;
    }
    return NULL;
}

/* ---- under the lock -------------------------------------------------------------------------- */

static bool put(struct tls_sessions *s, const char *name, SSL_SESSION *session)
{
    struct kept *before = find(s, name);
    if (before) forget(s, before);
    size_t size = strlen(name) + 1;
    struct kept *k = mem_alloc(s->env, sizeof *k + size);
    if (!k) return false;
    if (s->n == TLS_SESSIONS_MAX) forget(s, oldest(s));
    k->session = session;
    memcpy(k->name, name, size);
    list_append(&s->list, &k->link);
    s->n++;
    return true;
}

static SSL_SESSION *take(struct tls_sessions *s, const char *name)
{
    struct kept *k = find(s, name);
    if (!k) return NULL;
    SSL_SESSION *session = k->session;
    bool good = SSL_SESSION_is_resumable(session); /* not after it has failed */
    bool once = SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
    if (good) SSL_SESSION_up_ref(session);
    list_remove(&k->link);
    list_append(&s->list, &k->link); /* used last */
    if (!good || once) forget(s, k);
    return good ? session : NULL;
}

/* ---- as others call it ----------------------------------------------------------------------- */

bool tls_sessions_put(struct tls_sessions *s, const char *name, SSL_SESSION *session)
{
    pthread_mutex_lock(&s->lock);
    bool kept = put(s, name, session);
    pthread_mutex_unlock(&s->lock);
    return kept;
}

SSL_SESSION *tls_sessions_take(struct tls_sessions *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    SSL_SESSION *session = take(s, name);
    pthread_mutex_unlock(&s->lock);
    return session;
}
