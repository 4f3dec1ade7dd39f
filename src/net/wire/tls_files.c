/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_files.c - certificates and keys from PEM files
 *
 * Every complaint names the file and says what is wrong with it, because whoever reads it has the files
 * at hand and not the source.
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

static int check_key(const struct certificate *c, const char *file, const char *key_file,
                     struct complaint *why)
{
    bool matches = X509_check_private_key(c->leaf, c->key) == 1;
    ERR_clear_error();
    if (matches) return 0;
    return complaint_write(why, "the key %s does not match the certificate %s", key_file, file);
}

int certificate_read(struct certificate *c, const char *certificate_file, const char *key_file,
                     struct complaint *why)
{
    *c = (struct certificate){0};
    BIO *bio = open_file(certificate_file, why);
    int error = bio ? read_certificates(c, bio, certificate_file, why) : WEFT_ERR_TLS;
    BIO_free(bio);
    if (error) return error;
    bio = open_file(key_file, why);
    error = bio ? read_key(c, bio, key_file, why) : WEFT_ERR_TLS;
    BIO_free(bio);
    if (!error) error = check_key(c, certificate_file, key_file, why);
    return error ? error : check_time(c, certificate_file, why);
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

int authorities_read(SSL_CTX *ctx, const char *file, bool ask, struct complaint *why)
{
    BIO *bio = open_file(file, why);
    if (!bio) return WEFT_ERR_TLS;
    BIO_free(bio);
    STACK_OF(X509_NAME) *names = ask ? SSL_load_client_CA_file(file) : NULL;
    bool read = (!ask || names) && SSL_CTX_load_verify_file(ctx, file);
    if (ask) SSL_CTX_set_client_CA_list(ctx, names);
    if (!read && at_end()) return complaint_write(why, "there is no certificate in %s", file);
    return read ? 0 : complaint_write(why, "cannot read %s: %s", file, openssl_reason());
}
