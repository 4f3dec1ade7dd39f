/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_sessions.h - what a client remembers of servers, so that it can resume: a few sessions by name
 *
 *      the server's ticket -> tls_sessions_put --> tls_sessions_take -> the next hello to the same server
 *
 * They are a context's (tls_context.h): a server that was accepted unchecked, or by files that were replaced since,
 * is never resumed where certificates are checked. The name says whom the session is with. One session for each name,
 * the last; of the names, those used last. A session of TLS 1.3 is used once (RFC 8446, C.4), so that who listens
 * cannot tell that two connections are one client's.
 *
 * Loops of several threads share them, behind a lock that is taken in handshakes only.
 */
#ifndef NET_TLS_SESSIONS_H
#define NET_TLS_SESSIONS_H

#include <pthread.h>

#include "base/list.h"
#include <weft/base.h>

struct ssl_session_st; /* OpenSSL's SSL_SESSION */

enum { TLS_SESSIONS_MAX = 32 };

struct tls_sessions {
    const weft_env *env;
    pthread_mutex_t lock;
    struct list list; /* the one used longest ago comes first */
    size_t n;
};

void tls_sessions_init(struct tls_sessions *s, const weft_env *env);
void tls_sessions_deinit(struct tls_sessions *s);

/* Keeps session; without memory it does not. Whether the reference was taken over. */
bool tls_sessions_put(struct tls_sessions *s, const char *name, struct ssl_session_st *session);

/* One for this name, the caller's to free; or NULL. */
struct ssl_session_st *tls_sessions_take(struct tls_sessions *s, const char *name);

#endif
