/* SPDX-License-Identifier: MIT
 *
 * access/crypto.h - all that is OpenSSL's here: hashes, keys, signatures
 *
 * A key has one algorithm, which follows from what it is. crypto_none.c stands here in builds without TLS: no key can
 * be made there, so nothing is ever found to be signed.
 */
#ifndef ACCESS_CRYPTO_H
#define ACCESS_CRYPTO_H

#include <weft/base.h>

#include "access/why.h"

enum algorithm { HS256, RS256, ES256, EDDSA, ALGORITHMS };

enum {
    CRYPTO_HASH = 32,       /* SHA-256, also of HMAC */
    CRYPTO_SECRET_MIN = 32, /* bytes of a secret */
    CRYPTO_RSA_MIN = 2048,  /* bits */
    CRYPTO_SIGNATURE_MAX = 1024
};

/* As tokens say it. */
const char *algorithm_name(enum algorithm a);

/* In a time that says nothing of where they differ. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* false: it cannot be had. */
bool crypto_hash(weft_bytes text, uint8_t out[CRYPTO_HASH]);
bool crypto_hmac(weft_bytes secret, weft_bytes text, uint8_t out[CRYPTO_HASH]);

/* Overwrite what was secret. */
void crypto_forget(void *data, size_t len);

/* ---- keys ------------------------------------------------------------------------------------ */

typedef struct crypto_key crypto_key;

/* NULL, and why: it is too short, of an unknown kind, on another curve ... */
crypto_key *crypto_key_of_secret(weft_bytes secret, struct why *why);
crypto_key *crypto_key_of_rsa(weft_bytes modulus, weft_bytes exponent, struct why *why);
crypto_key *crypto_key_of_p256(weft_bytes x, weft_bytes y, struct why *why);
crypto_key *crypto_key_of_ed25519(weft_bytes x, struct why *why);
void crypto_key_free(crypto_key *k); /* NULL is fine */

/* Tells each key of a PEM file: public and private ones and certificates. What on_key is told is its own. false, and
 * why: one of them is of no use, or on_key has said so. */
bool crypto_read_pem(weft_bytes pem, bool (*on_key)(crypto_key *k, void *user, struct why *why),
                     void *user, struct why *why);

/* Whether this is a key or a certificate in binary (DER), which would make a bad secret: everybody has it. */
bool crypto_is_der(weft_bytes data);

enum algorithm crypto_key_algorithm(const crypto_key *k);

/* The same key has the same print, and another has another. */
void crypto_key_print(const crypto_key *k, uint8_t out[CRYPTO_HASH]);

/* ---- signatures, as RFC 7518 and RFC 8037 have them ------------------------------------------ */

bool crypto_verify(const crypto_key *k, weft_bytes text, weft_bytes signature);

/* Its length, or -1: this key cannot sign. */
ptrdiff_t crypto_sign(const crypto_key *k, weft_bytes text, uint8_t out[CRYPTO_SIGNATURE_MAX]);

#endif
