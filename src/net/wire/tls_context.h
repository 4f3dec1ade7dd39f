/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_context.h - what many TLS connections have in common: certificates, whom to trust, how to talk
 *
 *      server files ----> tls_context_server --+
 *                                              +--> tls_context <-- each struct tls holds a reference
 *      client files ----> tls_context_client --+
 *
 * A context never changes, but for the keys of its tickets: to reload is to make another. Connections keep
 * the one that they began with.
 * References are counted; the threads of a server drop theirs where the connection lies.
 */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "base/list.h"
#include "net/wire/tls_files.h"
#include "net/wire/tls_tickets.h"
#include <weft/server.h>

struct tls_context {
    const weft_env *env;
    atomic_uint refs; /* connections of several loops */
    struct list link; /* a client's, in the loop's list */
    char *key;        /* a client's: what it was made from */
    SSL_CTX *ssl;
    BIO_METHOD *bio;
    struct certificate *certificates; /* a server's; the first is the default */
    size_t n;
    struct tls_tickets tickets; /* a server's */
};

struct tls_client_files {
    const char *ca, *certificate, *key; /* NULL: the system's; none */
    bool insecure;                      /* whatever the server shows will do */
};

/* Errors: WEFT_ERR_TLS with the words in why, which name the file and the reason; -ENOMEM. */
int tls_context_server(struct tls_context **out, const weft_env *env, const weft_tls *files,
                       struct complaint *why);

/* The one in shared that was made from the same files, or a new one there. Errors: the same. */
int tls_context_client(struct tls_context **out, const weft_env *env, struct list *shared,
                       const struct tls_client_files *files, struct complaint *why);

/* tls_openssl.c: the way between OpenSSL and a struct tls. NULL: no memory. */
BIO_METHOD *tls_bio_method(void);

/* tls_openssl.c: a client's session can be resumed from now on. As SSL_CTX_sess_set_new_cb has it. */
int tls_keep_session(SSL *ssl, SSL_SESSION *session);

struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c); /* NULL is fine */

#endif
