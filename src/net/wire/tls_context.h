/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_context.h - what comes of a weft_tls_config: certificates, whom to trust, how to talk
 *
 *      config -> tls_context_new -> tls_context <-- the weft_tls, until it is loaded anew
 *                                      ^----------- each struct tls that began with it
 *
 * A context never changes, but for what its connections may resume: a server's keys of tickets, a client's sessions.
 * To reload is to make another. Connections keep the one that they began with, and so do their sessions: nothing is
 * resumed under a context that it was not begun under.
 *
 * It serves both roles, if it has a certificate. References are counted; any thread.
 */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "net/wire/tls_config.h"
#include "net/wire/tls_files.h"
#include "net/wire/tls_sessions.h"
#include "net/wire/tls_tickets.h"

struct tls_context {
    weft_env env; /* all zero: none was given */
    atomic_uint refs;
    struct tls_config *config; /* what it was made from */
    struct certificate *certificates;
    size_t n;
    struct authorities authorities; /* NULL in it: none were given */
    BIO_METHOD *bio;
    SSL_CTX *server; /* NULL: there is no certificate */
    SSL_CTX *client;
    struct tls_tickets tickets;   /* the server's */
    struct tls_sessions sessions; /* the client's */
};

/* Errors: WEFT_ERR_TLS with the words in why, which name the file and the reason; -ENOMEM. */
int tls_context_new(struct tls_context **out, const weft_env *env, const weft_tls_config *cfg,
                    struct complaint *why);

struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c); /* NULL is fine */

/* tls_openssl.c: the way between OpenSSL and a struct tls. NULL: no memory. */
BIO_METHOD *tls_bio_method(void);

/* tls_openssl.c: a client's session can be resumed from now on. As SSL_CTX_sess_set_new_cb has it. */
int tls_keep_session(SSL *ssl, SSL_SESSION *session);

#endif
