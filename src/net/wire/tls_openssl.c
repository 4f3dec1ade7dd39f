/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_openssl.c - an end of TLS, by OpenSSL on a BIO of ours
 *
 *      tls_feed: in ->  bio_read -> SSL_read  -> the caller's room
 *               out <- bio_write <- SSL_write <- the caller's bytes, gathered to records
 *
 * A server's has no SSL before the ClientHello is whole: what has come of it is in hello, and in is that.
 *
 * The BIO reads from the bytes on loan and writes into a queue; it never blocks, so a write is taken
 * whole or there is no memory. An end of the wire is not told to OpenSSL: who sees it knows whether
 * close_notify came before.
 */
#include "net/wire/tls.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "net/wire/tls_hello.h"
#include "net/wire/tls_shown.h"
#include "net/wire/tls_user.h"

struct tls {
    const weft_env *env;
    struct tls_context *context;
    SSL *ssl; /* NULL: the ClientHello is not whole, or the handshake has failed */
    weft_bytes in;
    weft_span hello; /* ours */
    struct outq out;
    char *session_name; /* a client's, in the context; NULL: no memory, so it is not kept */
    int error;
    bool met_http;
    char *cause; /* of error; NULL when there was no memory for it */
};

/* ---- the BIO --------------------------------------------------------------------------------- */

static int bio_write(BIO *bio, const char *data, int len)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    return outq_append(&t->out, t->env, data, (size_t)len) < 0 ? -1 : len;
}

static int bio_read(BIO *bio, char *to, int room)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!t->in.len) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = t->in.len < (size_t)room ? t->in.len : (size_t)room;
    copy(to, t->in.data, n);
    t->in = bytes_from(t->in, n);
    return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *tls_bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "weft");
    if (!m) return NULL;
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_ctrl(m, bio_ctrl);
    BIO_meth_set_create(m, bio_create);
    return m;
}

/* ---- birth and death ------------------------------------------------------------------------- */

/* It has the context as that is now. */
static struct tls *tls_new(const weft_env *env, struct tls_context *context, const SSL_CTX *role)
{
    struct tls *t = role ? mem_zalloc(env, sizeof *t) : NULL;
    if (!t) {
        tls_context_unref(context);
        return NULL;
    }
    t->env = env;
    t->context = context;
    return t;
}

/* false: no memory. */
static bool make_ssl(struct tls *t, SSL_CTX *role)
{
    BIO *bio = BIO_new(t->context->bio);
    t->ssl = bio ? SSL_new(role) : NULL;
    if (!t->ssl) {
        BIO_free(bio);
        ERR_clear_error();
        return false;
    }
    BIO_set_data(bio, t);
    SSL_set_bio(t->ssl, bio, bio);
    return true;
}

void tls_free(struct tls *t)
{
    if (!t) return;
    /* OpenSSL thinks as TLS 1.0 did that a session without close_notify cannot be resumed. */
    if (!t->error && t->ssl) SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    outq_clear(&t->out);
    tls_context_unref(t->context);
    mem_free(t->env, t->hello.data);
    mem_free(t->env, t->session_name);
    mem_free(t->env, t->cause);
    mem_free(t->env, t);
}

struct tls *tls_accept(const weft_env *env, weft_tls *with)
{
    struct tls_context *now = tls_user_context(with);
    return tls_new(env, now, now->server);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void keep_cause(struct tls *t, const char *before, const char *reason)
{
    size_t size = strlen(before) + strlen(reason) + 1;
    t->cause = mem_alloc(t->env, size);
    if (t->cause) snprintf(t->cause, size, "%s%s", before, reason);
}

/* In our words, where OpenSSL's leave the reader guessing. */
static const char *reason_of(const struct tls *t, unsigned long error)
{
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    if (t->met_http) return "a plain HTTP request came where TLS is spoken";
    if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
        return "the server wants a certificate (alert certificate required)";
    if (reason == SSL_R_WRONG_VERSION_NUMBER && !SSL_is_server(t->ssl) && !tls_ready(t))
        return "the server does not speak TLS there (wrong version number)";
    return NULL;
}

static bool is_http(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    return ERR_GET_LIB(error) == ERR_LIB_SSL &&
           (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST);
}

/* What it costs is not kept for those whose handshake failed, while they are told so. */
static void drop_ssl(struct tls *t)
{
    SSL_free(t->ssl);
    t->ssl = NULL;
}

/* What OpenSSL's refusal means. Its alert, if there is one, is in out. */
static int broken(struct tls *t)
{
    long verdict = SSL_get_verify_result(t->ssl);
    unsigned long first = ERR_peek_error();
    if (ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        t->error = WEFT_ERR_CERTIFICATE;
        keep_cause(t, "certificate verify failed: ", X509_verify_cert_error_string(verdict));
        ERR_clear_error();
    } else {
        t->error = first ? WEFT_ERR_TLS : -ENOMEM;
        t->met_http = is_http(first);
        const char *ours = reason_of(t, first);
        if (ours) ERR_clear_error();
        else ours = first ? openssl_reason() : "out of memory";
        keep_cause(t, "TLS: ", ours);
    }
    if (!tls_ready(t) && SSL_is_server(t->ssl)) drop_ssl(t);
    return t->error;
}

const char *tls_cause(const struct tls *t)
{
    return t->cause ? t->cause : weft_strerror(t->error);
}

/* ---- a client's beginning -------------------------------------------------------------------- */

/* The server must be who we mean, and may need to know that (SNI), unless it is an address. */
static bool expect(SSL *ssl, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)) return true;
    ERR_clear_error();
    SSL_set_hostflags(ssl,
                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

/* Whom it is with, and who we are there. */
static char *name_session(const struct tls *t, const char *host, uint16_t port, unsigned how)
{
    static const char format[] = "%s:%u %u";
    size_t size = sizeof format + strlen(host) + 2 * sizeof "65535";
    char *name = mem_alloc(t->env, size);
    if (name) snprintf(name, size, format, host, port, how);
    return name;
}

static void resume(struct tls *t, const char *host, uint16_t port, unsigned how)
{
    t->session_name = name_session(t, host, port, how);
    SSL_SESSION *session =
        t->session_name ? tls_sessions_take(&t->context->sessions, t->session_name) : NULL;
    if (session) SSL_set_session(t->ssl, session);
    SSL_SESSION_free(session);
}

int tls_keep_session(SSL *ssl, SSL_SESSION *session)
{
    const struct tls *t = BIO_get_data(SSL_get_rbio(ssl));
    return t->session_name && tls_sessions_put(&t->context->sessions, t->session_name, session);
}

struct tls *tls_connect(const weft_env *env, weft_tls *with, weft_bytes host, uint16_t port,
                        unsigned how)
{
    static const unsigned char http[] = "\x08http/1.1";
    char name[256];
    if (host.len && host.data[host.len - 1] == '.') host.len--; /* the root: not in certificates */
    if (!host.len || host.len >= sizeof name) return NULL;
    copy(name, host.data, host.len);
    name[host.len] = 0;
    struct tls_context *now = tls_user_context(with);
    struct tls *t = tls_new(env, now, now->client);
    if (!t || !make_ssl(t, now->client)) {
        tls_free(t);
        return NULL;
    }
    SSL_set_connect_state(t->ssl);
    if (how & TLS_ANONYMOUS) SSL_certs_clear(t->ssl);
    resume(t, name, port, how);
    bool said = !(how & TLS_HTTP) || SSL_set_alpn_protos(t->ssl, http, sizeof http - 1) == 0;
    if (said && expect(t->ssl, name) && SSL_do_handshake(t->ssl) < 0 && !outq_empty(&t->out))
        return t;
    ERR_clear_error();
    tls_free(t);
    return NULL;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static int fail(struct tls *t, int error, const char *why)
{
    t->error = error;
    keep_cause(t, "TLS: ", why);
    return error;
}

/* To what is kept of the hello. */
static void keep(struct tls *t, weft_bytes in)
{
    if (!in.len) return;
    uint8_t *grown = mem_realloc(t->env, t->hello.data, t->hello.len + in.len);
    if (!grown) {
        (void)fail(t, -ENOMEM, "out of memory");
        return;
    }
    t->hello.data = grown;
    copy(t->hello.data + t->hello.len, in.data, in.len);
    t->hello.len += in.len;
    t->in = (weft_bytes){t->hello.data, t->hello.len};
}

void tls_feed(struct tls *t, weft_bytes in)
{
    if (t->error) return; /* it has its cause, and reads no more */
    if (!t->ssl && t->hello.len) keep(t, in);
    else t->in = in;
}

/* 1: there is an SSL, and it reads what has come. 0: more of the hello has to come. */
static int begin(struct tls *t)
{
    enum hello so_far = tls_hello_judge(t->in);
    if (so_far == HELLO_LONG) return fail(t, WEFT_ERR_TLS, "a ClientHello of more than 16 KiB");
    if (so_far == HELLO_MORE) {
        if (!t->hello.len) keep(t, t->in);
        return t->error;
    }
    if (!make_ssl(t, t->context->server)) return fail(t, -ENOMEM, "out of memory");
    SSL_set_accept_state(t->ssl);
    return 1;
}

static void forget_hello(struct tls *t)
{
    if (!t->hello.data || t->in.len) return;
    mem_free(t->env, t->hello.data);
    t->hello = (weft_span){0};
}

/* Key updates, renegotiations: each is answered, and the answers are not read. */
static int overrun(struct tls *t)
{
    ERR_clear_error();
    return fail(t, WEFT_ERR_TLS, "too many answers wait to be read");
}

/* OpenSSL tells its errors by a queue of the thread, that anybody may have left something in. */
static void forget_errors(void)
{
    if (ERR_peek_error()) ERR_clear_error();
}

/* All that was fed is told. To hear that from SSL_read costs as much as half a record. */
static bool is_read(const struct tls *t)
{
    return !t->in.len && tls_ready(t) && !SSL_has_pending(t->ssl);
}

static int read_on(struct tls *t, uint8_t *to, size_t room)
{
    size_t n = 0;
    if (is_read(t)) return t->out.bytes > TLS_OUT_MAX ? overrun(t) : 0;
    forget_errors();
    if (SSL_read_ex(t->ssl, to, room, &n)) return (int)n;
    if (t->out.bytes > TLS_OUT_MAX) return overrun(t);
    int why = SSL_get_error(t->ssl, 0);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN ? 0 : broken(t);
}

int tls_read(struct tls *t, uint8_t *to, size_t room)
{
    if (t->error) return t->error;
    int begun = t->ssl ? 1 : begin(t);
    int n = begun > 0 ? read_on(t, to, room) : begun;
    if (t->ssl) forget_hello(t);
    return n;
}

/* The next bytes in one piece: where they lie if that is a whole record, else in scratch. */
static const uint8_t *gather(const struct outq *plain, uint8_t *scratch, size_t *len)
{
    const struct slice *s = plain->head;
    if (s->len >= TLS_RECORD || !s->next) {
        *len = s->len < TLS_RECORD ? s->len : TLS_RECORD;
        return s->data;
    }
    for (*len = 0; s && *len < TLS_RECORD; s = s->next) {
        size_t n = s->len < TLS_RECORD - *len ? s->len : TLS_RECORD - *len;
        copy(scratch + *len, s->data, n);
        *len += n;
    }
    return scratch;
}

int tls_write(struct tls *t, const struct outq *plain, uint8_t *scratch, size_t *taken)
{
    *taken = 0;
    if (t->error) return t->error;
    if (!tls_ready(t) || outq_empty(plain)) return 0;
    size_t len;
    const uint8_t *data = gather(plain, scratch, &len);
    forget_errors();
    return SSL_write_ex(t->ssl, data, len, taken) ? 0 : broken(t);
}

void tls_close(struct tls *t)
{
    if (t->error || !tls_ready(t) || SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) return;
    (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
}

/* ---- questions ------------------------------------------------------------------------------- */

struct outq *tls_out(struct tls *t)
{
    return &t->out;
}

bool tls_ready(const struct tls *t)
{
    return t->ssl && SSL_is_init_finished(t->ssl);
}

bool tls_ended(const struct tls *t)
{
    return t->ssl && SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN;
}

bool tls_broken(const struct tls *t)
{
    return t->error;
}

bool tls_met_http(const struct tls *t)
{
    return t->met_http;
}

static void say(struct facts *f, enum fact what, const char *text)
{
    if (text) facts_say(f, what, bytes_of(text));
}

void tls_identify(const struct tls *t, struct facts *f)
{
    if (!t->ssl) return;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);
    X509 *shown = SSL_get0_peer_certificate(t->ssl);
    say(f, FACT_SERVER_NAME, SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name));
    say(f, FACT_PROTOCOL, SSL_get_version(t->ssl));
    say(f, FACT_CIPHER, cipher ? SSL_CIPHER_standard_name(cipher) : NULL);
    if (shown) tls_shown(shown, f);
}
