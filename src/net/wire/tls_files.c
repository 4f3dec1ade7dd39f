/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_files.c - certificates and keys from PEM files, or from their text
 *
 * Every complaint names the file and says what is wrong with it, because whoever reads it has the files
 * at hand and not the source. A text has no name but "(PEM text)", and is not printed: there may be a key in it.
 */
#include "net/wire/tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

int complaint_write(struct complaint *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (w->size) (void)vsnprintf(w->text, w->size, format, args);
    va_end(args);
    return WEFT_ERR_TLS;
}

const char *openssl_reason(void)
{
    unsigned long error = ERR_get_error();
    const char *text = NULL;
    if (error)
        text = ERR_SYSTEM_ERROR(error) ? strerrordesc_np(ERR_GET_REASON(error))
                                       : ERR_reason_error_string(error);
    ERR_clear_error();
    return text ? text : "no reason given";
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether a byte can be read, or there is none: a directory can be opened, too. */
static bool is_readable(BIO *bio)
{
    FILE *f = NULL;
    errno = 0;
    if (BIO_get_fp(bio, &f) <= 0) return false;
    int c = getc(f);
    return !ferror(f) && (c == EOF || ungetc(c, f) != EOF);
}

static bool is_text(const char *source)
{
    return strstr(source, "-----BEGIN") != NULL;
}

const char *source_name(const char *source)
{
    return is_text(source) ? "(PEM text)" : source;
}

static BIO *open_file(const char *file, struct complaint *why)
{
    errno = 0;
    BIO *bio = BIO_new_file(file, "r");
    if (bio && is_readable(bio)) return bio;
    int error = errno;
    BIO_free(bio);
    ERR_clear_error();
    complaint_write(why, "cannot read %s: %s", file, weft_strerror(error ? -error : -ENOMEM));
    return NULL;
}

static BIO *open_source(const char *source, struct complaint *why)
{
    if (!is_text(source)) return open_file(source, why);
    BIO *bio = BIO_new_mem_buf(source, -1);
    if (!bio) complaint_write(why, "out of memory");
    ERR_clear_error();
    return bio;
}

/* A key with a passphrase: there is nobody to ask. */
static int no_passphrase(char *text, int size, int writing, void *user)
{
    (void)text, (void)size, (void)writing, (void)user;
    return -1;
}

/* The file ended where a certificate could begin. */
static bool at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int read_certificates(struct certificate *c, BIO *bio, const char *file,
                             struct complaint *why)
{
    c->leaf = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (!c->leaf && at_end()) return complaint_write(why, "there is no certificate in %s", file);
    if (!c->leaf) return complaint_write(why, "cannot read %s: %s", file, openssl_reason());
    c->chain = sk_X509_new_null();
    for (X509 *x; c->chain && (x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL));)
        if (!sk_X509_push(c->chain, x)) X509_free(x);
    if (!at_end()) return complaint_write(why, "cannot read %s: %s", file, openssl_reason());
    ERR_clear_error();
    return 0;
}

static int read_key(struct certificate *c, BIO *bio, const char *file, struct complaint *why)
{
    c->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (c->key) return 0;
    unsigned long error = ERR_peek_last_error();
    bool locked = ERR_GET_REASON(error) == PEM_R_BAD_PASSWORD_READ ||
                  ERR_GET_REASON(error) == PEM_R_BAD_DECRYPT;
    if (ERR_GET_LIB(error) == ERR_LIB_PEM && locked)
        return complaint_write(why, "the key %s is locked with a passphrase", file);
    if (at_end() || ERR_GET_REASON(error) == ERR_R_UNSUPPORTED)
        return complaint_write(why, "there is no private key in %s", file);
    return complaint_write(why, "cannot read %s: %s", file, openssl_reason());
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int complain_of_time(const char *file, const char *what, const ASN1_TIME *when,
                            struct complaint *why)
{
    char text[64] = "";
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && ASN1_TIME_print(bio, when)) BIO_gets(bio, text, sizeof text);
    BIO_free(bio);
    return complaint_write(why, "the certificate %s %s %s", file, what, text);
}

static int check_time(const struct certificate *c, const char *file, struct complaint *why)
{
    const ASN1_TIME *from = X509_get0_notBefore(c->leaf), *to = X509_get0_notAfter(c->leaf);
    if (X509_cmp_current_time(to) < 0) return complain_of_time(file, "expired on", to, why);
    if (X509_cmp_current_time(from) > 0)
        return complain_of_time(file, "is not valid before", from, why);
    return 0;
}

int64_t certificate_expires(const struct certificate *c)
{
    struct tm when = {0};
    (void)ASN1_TIME_to_tm(X509_get0_notAfter(c->leaf), &when);
    return (int64_t)timegm(&when);
}

static int check_key(const struct certificate *c, const char *file, const char *key_file,
                     struct complaint *why)
{
    bool matches = X509_check_private_key(c->leaf, c->key) == 1;
    ERR_clear_error();
    if (matches) return 0;
    return complaint_write(why, "the key %s does not match the certificate %s", key_file, file);
}

static int read_from(struct certificate *c, const char *source, struct complaint *why,
                     int (*read)(struct certificate *c, BIO *bio, const char *file,
                                 struct complaint *why))
{
    BIO *bio = open_source(source, why);
    int error = bio ? read(c, bio, source_name(source), why) : WEFT_ERR_TLS;
    BIO_free(bio);
    return error;
}

int certificate_read(struct certificate *c, const weft_tls_pair *from, struct complaint *why)
{
    const char *key = from->key ? from->key : from->certificate;
    const char *file = source_name(from->certificate);
    *c = (struct certificate){0};
    int error = read_from(c, from->certificate, why, read_certificates);
    if (!error) error = read_from(c, key, why, read_key);
    if (!error) error = check_key(c, file, source_name(key), why);
    return error ? error : check_time(c, file, why);
}

void certificate_free(struct certificate *c)
{
    X509_free(c->leaf);
    EVP_PKEY_free(c->key);
    sk_X509_pop_free(c->chain, X509_free);
}

/* ---- use ------------------------------------------------------------------------------------- */

int certificate_use(const struct certificate *c, SSL_CTX *ctx)
{
    return SSL_CTX_use_cert_and_key(ctx, c->leaf, c->key, c->chain, 1);
}

bool certificate_usable(const struct certificate *c, SSL_CTX *ctx)
{
    SSL *ssl = SSL_new(ctx);
    bool usable = ssl && SSL_use_cert_and_key(ssl, c->leaf, c->key, c->chain, 1);
    SSL_free(ssl);
    return usable;
}

static const ASN1_OCTET_STRING *names_of(const struct certificate *c)
{
    X509_EXTENSION *names =
        X509_get_ext(c->leaf, X509_get_ext_by_NID(c->leaf, NID_subject_alt_name, -1));
    return names ? X509_EXTENSION_get_data(names) : NULL;
}

bool certificate_is_twin(const struct certificate *a, const struct certificate *b)
{
    const ASN1_OCTET_STRING *x = names_of(a), *y = names_of(b);
    return x && y && ASN1_OCTET_STRING_cmp(x, y) == 0 &&
           EVP_PKEY_get_base_id(a->key) != EVP_PKEY_get_base_id(b->key);
}

bool certificate_fits(const struct certificate *c, const char *name)
{
    return X509_check_host(c->leaf, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

/* ---- authorities ----------------------------------------------------------------------------- */

/* By these names a client chooses what it shows: who has signed its own, which is trusted, then as well. */
static bool announce(struct authorities *a, X509 *x)
{
    bool signs = X509_check_ca(x) > 0;
    X509_NAME *name = X509_NAME_dup(signs ? X509_get_subject_name(x) : X509_get_issuer_name(x));
    if (name && sk_X509_NAME_push(a->names, name)) return true;
    X509_NAME_free(name);
    return false;
}

static bool keep_all(struct authorities *a, STACK_OF(X509_INFO) * all)
{
    for (int i = 0; i < sk_X509_INFO_num(all); i++) {
        X509 *x = sk_X509_INFO_value(all, i)->x509;
        if (x && (!X509_STORE_add_cert(a->store, x) || !announce(a, x))) return false;
    }
    return true;
}

static int read_authorities(struct authorities *a, BIO *bio, const char *file,
                            struct complaint *why)
{
    STACK_OF(X509_INFO) *all = PEM_X509_INFO_read_bio(bio, NULL, no_passphrase, NULL);
    if (!all) return complaint_write(why, "cannot read %s: %s", file, openssl_reason());
    int error = keep_all(a, all) ? 0 : -ENOMEM;
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    ERR_clear_error();
    if (error || sk_X509_NAME_num(a->names)) return error;
    return complaint_write(why, "there is no certificate in %s", file);
}

int authorities_read(struct authorities *a, const char *source, struct complaint *why)
{
    *a = (struct authorities){X509_STORE_new(), sk_X509_NAME_new_null()};
    if (!a->store || !a->names) return -ENOMEM;
    X509_STORE_set_flags(a->store, X509_V_FLAG_PARTIAL_CHAIN);
    BIO *bio = open_source(source, why);
    int error = bio ? read_authorities(a, bio, source_name(source), why) : WEFT_ERR_TLS;
    BIO_free(bio);
    return error;
}

void authorities_free(struct authorities *a)
{
    X509_STORE_free(a->store);
    sk_X509_NAME_pop_free(a->names, X509_NAME_free);
}
