/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_files.h - certificates and keys, read from PEM files or texts and held against each other
 */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include <openssl/ssl.h>

#include <weft/tls.h>

/* Where an error in words goes: cut to fit. */
struct complaint {
    char *text;
    size_t size;
};

/* Fills in; returns WEFT_ERR_TLS, so that it can be returned. */
int complaint_write(struct complaint *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a complaint calls it: the file's name, if it is one. */
const char *source_name(const char *source);

struct certificate {
    X509 *leaf;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* what stands behind the leaf in its file */
};

/* Read both, check that the key is the certificate's and that today is in its time. Errors: WEFT_ERR_TLS,
 * and why names the file and the reason. To be freed even then. */
int certificate_read(struct certificate *c, const weft_tls_pair *from, struct complaint *why);
void certificate_free(struct certificate *c);

/* Until when it is good, in seconds since 1970. */
int64_t certificate_expires(const struct certificate *c);

/* Use it. 1 or 0, as OpenSSL has it. */
int certificate_use(const struct certificate *c, SSL_CTX *ctx);

/* Whether ctx would let it be used: strong enough, of a kind that we speak. If not, OpenSSL's reason is
 * openssl_reason. */
bool certificate_usable(const struct certificate *c, SSL_CTX *ctx);

/* Whether both are for the same names, with keys of different kinds: RSA beside ECDSA. */
bool certificate_is_twin(const struct certificate *a, const struct certificate *b);

/* Whether it is for this host name. */
bool certificate_fits(const struct certificate *c, const char *name);

/* Who is trusted, and by which names clients are asked for what these have signed. */
struct authorities {
    X509_STORE *store;
    STACK_OF(X509_NAME) * names;
};

/* Everybody in source is trusted as he stands there. Errors: WEFT_ERR_TLS, -ENOMEM. To be freed even then; all zero
 * is fine. */
int authorities_read(struct authorities *a, const char *source, struct complaint *why);
void authorities_free(struct authorities *a);

/* The reason of what OpenSSL complained about first; forgets it. Constant. */
const char *openssl_reason(void);

#endif
