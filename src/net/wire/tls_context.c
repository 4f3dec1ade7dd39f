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

/* Curves only: a client could make us calculate in finite fields of 8192 bits for the price of asking. */
static const char groups[] = "X25519:P-256:X448:P-521:P-384";

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

static SSL_CTX *new_ssl(const SSL_METHOD *method)
{
    SSL_CTX *ssl = SSL_CTX_new(method);
    if (!ssl) return NULL;
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) &&
        SSL_CTX_set_cipher_list(ssl, ciphers) && SSL_CTX_set1_groups_list(ssl, groups))
        return ssl;
    SSL_CTX_free(ssl);
    return NULL;
}

static struct tls_context *new_context(const weft_env *env, const SSL_METHOD *method,
                                       BIO_METHOD *bio)
{
    struct tls_context *c = mem_zalloc(env, sizeof *c);
    if (c) *c = (struct tls_context){.env = env, .refs = 1, .ssl = new_ssl(method), .bio = bio};
    if (c) list_init(&c->link);
    if (c && c->ssl && c->bio) return c;
    if (c) tls_context_unref(c);
    else BIO_meth_free(bio);
    ERR_clear_error();
    return NULL;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void tls_context_unref(struct tls_context *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < c->n; i++) certificate_free(&c->certificates[i]);
    mem_free(c->env, c->certificates);
    mem_free(c->env, c->key);
    list_remove(&c->link);
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->bio);
    tls_tickets_deinit(&c->tickets);
    mem_free(c->env, c);
}

/* OpenSSL would not take what we read. */
static int refused(const char *file, struct complaint *why)
{
    return complaint_write(why, "cannot use %s: %s", file, openssl_reason());
}

/* ---- a server's ------------------------------------------------------------------------------ */

/* The default is the first, and one of another kind for the same names. */
static int read_certificate(const struct tls_context *c, struct certificate *one,
                            const weft_tls_pair *pair, struct complaint *why)
{
    int error = certificate_read(one, pair->certificate_file, pair->key_file, why);
    if (error) return error;
    if (!certificate_usable(one, c->ssl)) return refused(pair->certificate_file, why);
    bool by_default = c->n == 0 || certificate_is_twin(one, c->certificates);
    return by_default && !certificate_use(one, c->ssl) ? -ENOMEM : 0;
}

static int read_certificates(struct tls_context *c, const weft_tls *files, struct complaint *why)
{
    if (!files->n_certificates) return complaint_write(why, "a server needs a certificate");
    c->certificates = mem_zalloc(c->env, files->n_certificates * sizeof *c->certificates);
    if (!c->certificates) return -ENOMEM;
    for (; c->n < files->n_certificates; c->n++) {
        struct certificate *one = &c->certificates[c->n];
        int error = read_certificate(c, one, &files->certificates[c->n], why);
        if (error) return certificate_free(one), error;
    }
    return 0;
}

/* Clients have to show a certificate of one of these authorities. */
static int ask_clients(struct tls_context *c, const char *file, struct complaint *why)
{
    if (!file) return 0;
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return authorities_read(c->ssl, file, true, why);
}

int tls_context_server(struct tls_context **out, const weft_env *env, const weft_tls *files,
                       struct complaint *why)
{
    static const unsigned char id[] = "weft";
    struct tls_context *c = new_context(env, TLS_server_method(), tls_bio_method());
    if (!c) return -ENOMEM;
    tls_tickets_init(&c->tickets, env, c->ssl);
    int error = read_certificates(c, files, why);
    if (!error) error = ask_clients(c, files->client_ca_file, why);
    if (error) return tls_context_unref(c), error;
    SSL_CTX_set_alpn_select_cb(c->ssl, choose_protocol, NULL);
    SSL_CTX_set_cert_cb(c->ssl, choose_certificate, c);
    (void)SSL_CTX_set_session_id_context(c->ssl, id, sizeof id - 1); /* fails for long ones only */
    *out = c;
    return 0;
}

/* ---- a client's ------------------------------------------------------------------------------ */

static const char *or_none(const char *text)
{
    return text ? text : "";
}

/* Everything that it is made from, as one text. NULL: no memory. */
static char *key_of(const weft_env *env, const struct tls_client_files *f)
{
    static const char format[] = "%d\n%s\n%s\n%s";
    const char *ca = or_none(f->ca), *certificate = or_none(f->certificate), *key = or_none(f->key);
    size_t size = sizeof format + strlen(ca) + strlen(certificate) + strlen(key);
    char *text = mem_alloc(env, size);
    if (text) snprintf(text, size, format, f->insecure, ca, certificate, key);
    return text;
}

static int trust(struct tls_context *c, const struct tls_client_files *f, struct complaint *why)
{
    if (f->insecure) return 0;
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
    if (f->ca) return authorities_read(c->ssl, f->ca, false, why);
    if (SSL_CTX_set_default_verify_paths(c->ssl)) return 0;
    return complaint_write(why, "cannot read the system's certificates: %s", openssl_reason());
}

/* One's own certificate; its key may stand in the same file. */
static int show(struct tls_context *c, const struct tls_client_files *f, struct complaint *why)
{
    struct certificate own;
    if (!f->certificate) return 0;
    int error = certificate_read(&own, f->certificate, f->key ? f->key : f->certificate, why);
    if (!error && !certificate_use(&own, c->ssl)) error = refused(f->certificate, why);
    certificate_free(&own);
    return error;
}

static int new_client(struct tls_context **out, const weft_env *env,
                      const struct tls_client_files *f, struct complaint *why)
{
    struct tls_context *c = new_context(env, TLS_client_method(), tls_bio_method());
    if (!c) return -ENOMEM;
    int error = trust(c, f, why);
    if (!error) error = show(c, f, why);
    if (!error && SSL_CTX_set_alpn_protos(c->ssl, alpn, sizeof alpn - 1)) error = -ENOMEM;
    if (error) return tls_context_unref(c), error;
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ssl, tls_keep_session);
    *out = c;
    return 0;
}

int tls_context_client(struct tls_context **out, const weft_env *env, struct list *shared,
                       const struct tls_client_files *files, struct complaint *why)
{
    char *key = key_of(env, files);
    if (!key) return -ENOMEM;
    for (struct list *at = shared->next; at != shared; at = at->next) {
        struct tls_context *c = container_of(at, struct tls_context, link);
        if (strcmp(c->key, key) != 0) continue;
        mem_free(env, key);
        *out = tls_context_ref(c);
        return 0;
    }
    int error = new_client(out, env, files, why);
    if (error) return mem_free(env, key), error;
    (*out)->key = key;
    list_append(shared, &(*out)->link);
    return 0;
}
