/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_context.c - how weft speaks TLS
 *
 * TLS 1.2 with ephemeral keys and authenticated encryption, and TLS 1.3. No renegotiation, no
 * compression. Sessions are resumed by tickets, so the server remembers nothing; their keys are the
 * context's own and go with it, or after some hours. ALPN: http/1.1. Buffers are there only while they are used.
 */
#include "net/wire/tls_context.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "base/alloc.h"

enum {
    SECURITY_LEVEL = 2, /* OpenSSL's: 112 bits, so RSA from 2048 on, no SHA-1 */
};

/* Curves only: a client could make us calculate in finite fields of 8192 bits for the price of asking. So it could with
 * P-521 and X448, which nobody has who has none of these; P-384, which costs five times as much as the first two, is
 * there for those who have no other, and the last resort. OpenSSL knows the first list since 3.5: what resists quantum
 * computers before all, and a key for either of the first two sent along. */
static const char *const groups[] = {"?*X25519MLKEM768/*X25519:P-256/P-384", "X25519:P-256:P-384"};

static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const unsigned char alpn[] = "\x08http/1.1";

/* ---- a server's choices ---------------------------------------------------------------------- */

/* Which protocol is spoken inside: ours, or the handshake fails (RFC 7301, 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl, (void)arg;
    unsigned char *chosen;
    int result = SSL_select_next_proto(&chosen, out_len, alpn, sizeof alpn - 1, in, in_len);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* All certificates for the name that the client asks for: an RSA and an ECDSA one may stand side by
 * side. Without a name, or with an unknown one, the context's default stays. */
static int choose_certificate(SSL *ssl, void *arg)
{
    const struct tls_context *c = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    bool found = false;
    for (size_t i = 0; name && i < c->n; i++) {
        const struct certificate *one = &c->certificates[i];
        if (!certificate_fits(one, name)) continue;
        if (!found) SSL_certs_clear(ssl);
        found = true;
        (void)SSL_use_cert_and_key(ssl, one->leaf, one->key, one->chain, 0);
    }
    ERR_clear_error();
    return 1;
}

/* ---- what all have --------------------------------------------------------------------------- */

static bool set_groups(SSL_CTX *ssl)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (SSL_CTX_set1_groups_list(ssl, groups[i])) return true;
    return false;
}

static SSL_CTX *new_ssl(const SSL_METHOD *method)
{
    SSL_CTX *ssl = SSL_CTX_new(method);
    if (!ssl) return NULL;
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) &&
        SSL_CTX_set_cipher_list(ssl, ciphers) && set_groups(ssl))
        return ssl;
    SSL_CTX_free(ssl);
    return NULL;
}

/* NULL: no memory. */
static SSL_CTX *new_role(SSL_CTX **out, const SSL_METHOD *method)
{
    *out = new_ssl(method);
    ERR_clear_error();
    return *out;
}

/* OpenSSL would not take what we read. */
static int refused(const weft_tls_pair *pair, struct complaint *why)
{
    return complaint_write(why, "cannot use %s: %s", source_name(pair->certificate),
                           openssl_reason());
}

/* ---- what is read ---------------------------------------------------------------------------- */

static int read_certificates(struct tls_context *c, const weft_tls_config *cfg,
                             struct complaint *why)
{
    if (!cfg->n_certificates) return 0;
    c->certificates = mem_zalloc(&c->env, cfg->n_certificates * sizeof *c->certificates);
    if (!c->certificates) return -ENOMEM;
    for (; c->n < cfg->n_certificates; c->n++) {
        struct certificate *one = &c->certificates[c->n];
        int error = certificate_read(one, &cfg->certificates[c->n], why);
        if (error) return certificate_free(one), error;
    }
    return 0;
}

static int read_all(struct tls_context *c, const weft_tls_config *cfg, struct complaint *why)
{
    int error = read_certificates(c, cfg, why);
    if (error || !cfg->authorities) return error;
    return authorities_read(&c->authorities, cfg->authorities, why);
}

/* ---- a server's ------------------------------------------------------------------------------ */

/* The default is the first, and one of another kind for the same names. */
static int offer(const struct tls_context *c, size_t i, const weft_tls_pair *pair,
                 struct complaint *why)
{
    const struct certificate *one = &c->certificates[i];
    if (!certificate_usable(one, c->server)) return refused(pair, why);
    bool by_default = i == 0 || certificate_is_twin(one, c->certificates);
    return by_default && !certificate_use(one, c->server) ? -ENOMEM : 0;
}

/* Clients have to show a certificate of one of these authorities, or may. */
static void ask_clients(struct tls_context *c, bool optional)
{
    if (!c->authorities.store) return;
    SSL_CTX_set_verify(c->server,
                       SSL_VERIFY_PEER | (optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT), NULL);
    SSL_CTX_set1_cert_store(c->server, c->authorities.store);
    SSL_CTX_set0_CA_list(c->server, c->authorities.names);
    c->authorities.names = NULL;
}

static int make_server(struct tls_context *c, const weft_tls_config *cfg, struct complaint *why)
{
    static const unsigned char id[] = "weft";
    if (!c->n) return 0;
    if (!new_role(&c->server, TLS_server_method())) return -ENOMEM;
    tls_tickets_init(&c->tickets, &c->env, c->server);
    ask_clients(c, cfg->optional);
    SSL_CTX_set_alpn_select_cb(c->server, choose_protocol, NULL);
    SSL_CTX_set_cert_cb(c->server, choose_certificate, c);
    (void)SSL_CTX_set_session_id_context(c->server, id, sizeof id - 1); /* fails for long ones */
    int error = 0;
    for (size_t i = 0; i < c->n && !error; i++) error = offer(c, i, &cfg->certificates[i], why);
    return error;
}

/* ---- a client's ------------------------------------------------------------------------------ */

static int trust(struct tls_context *c, bool insecure, struct complaint *why)
{
    if (insecure) return 0;
    SSL_CTX_set_verify(c->client, SSL_VERIFY_PEER, NULL);
    if (c->authorities.store) SSL_CTX_set1_cert_store(c->client, c->authorities.store);
    else if (!SSL_CTX_set_default_verify_paths(c->client))
        return complaint_write(why, "cannot read the system's certificates: %s", openssl_reason());
    return 0;
}

static int make_client(struct tls_context *c, const weft_tls_config *cfg, struct complaint *why)
{
    if (!new_role(&c->client, TLS_client_method())) return -ENOMEM;
    tls_sessions_init(&c->sessions, &c->env);
    int error = trust(c, cfg->insecure, why);
    if (!error && c->n && !certificate_use(c->certificates, c->client))
        error = refused(cfg->certificates, why);
    SSL_CTX_set_session_cache_mode(c->client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->client, tls_keep_session);
    return error;
}

/* ---- birth and death ------------------------------------------------------------------------- */

static int make(struct tls_context *c, const weft_tls_config *cfg, struct complaint *why)
{
    c->bio = tls_bio_method();
    c->config = tls_config_new(&c->env, cfg);
    int error = c->bio && c->config ? 0 : -ENOMEM;
    if (!error) error = read_all(c, cfg, why);
    if (!error) error = make_server(c, cfg, why);
    return error ? error : make_client(c, cfg, why);
}

int tls_context_new(struct tls_context **out, const weft_env *env, const weft_tls_config *cfg,
                    struct complaint *why)
{
    struct tls_context *c = mem_zalloc(env, sizeof *c);
    if (!c) return -ENOMEM;
    if (env) c->env = *env;
    atomic_init(&c->refs, 1);
    int error = make(c, cfg, why);
    if (error) tls_context_unref(c);
    else *out = c;
    ERR_clear_error();
    return error;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void tls_context_unref(struct tls_context *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) return;
    weft_env env = c->env;
    for (size_t i = 0; i < c->n; i++) certificate_free(&c->certificates[i]);
    mem_free(&env, c->certificates);
    tls_config_free(&env, c->config);
    SSL_CTX_free(c->server);
    SSL_CTX_free(c->client);
    authorities_free(&c->authorities);
    BIO_meth_free(c->bio);
    if (c->server) tls_tickets_deinit(&c->tickets);
    if (c->client) tls_sessions_deinit(&c->sessions);
    mem_free(&env, c);
}
