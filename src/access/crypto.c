/* SPDX-License-Identifier: MIT
 *
 * access/crypto.c - a secret, or OpenSSL's key
 *
 * JOSE writes an ECDSA signature as two numbers of 32 bytes, OpenSSL as DER: that is turned here.
 */
#include "access/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { P256_NUMBER = 32, ED25519_KEY = 32, RSA_BYTES_MAX = 1024 };

struct crypto_key {
    enum algorithm algorithm;
    EVP_PKEY *pkey; /* NULL: a secret */
    size_t len;
    uint8_t print[CRYPTO_HASH];
    uint8_t secret[];
};

const char *algorithm_name(enum algorithm a)
{
    static const char *const names[] = {"HS256", "RS256", "ES256", "EdDSA"};
    return names[a];
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

bool crypto_hash(weft_bytes text, uint8_t out[CRYPTO_HASH])
{
    return EVP_Digest(text.data, text.len, out, NULL, EVP_sha256(), NULL) == 1;
}

bool crypto_hmac(weft_bytes secret, weft_bytes text, uint8_t out[CRYPTO_HASH])
{
    return HMAC(EVP_sha256(), secret.data, (int)secret.len, text.data, text.len, out, NULL);
}

void crypto_forget(void *data, size_t len)
{
    OPENSSL_cleanse(data, len);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* So that what is left of a failure is not somebody else's. */
static bool fail(struct why *why, const char *text)
{
    ERR_clear_error();
    return why_say(why, "%s", text);
}

static crypto_key *none(struct why *why, const char *text)
{
    fail(why, text);
    return NULL;
}

crypto_key *crypto_key_of_secret(weft_bytes secret, struct why *why)
{
    if (secret.len < CRYPTO_SECRET_MIN)
        return none(why, "a secret has at least 32 bytes, and this one has fewer: "
                         "openssl rand -hex 32 makes one");
    crypto_key *k = malloc(sizeof *k + secret.len);
    if (!k) return none(why, "no memory");
    *k = (crypto_key){.algorithm = HS256, .len = secret.len};
    memcpy(k->secret, secret.data, secret.len);
    if (crypto_hash(secret, k->print)) return k;
    crypto_key_free(k);
    return none(why, "no SHA-256");
}

void crypto_key_free(crypto_key *k)
{
    if (!k) return;
    EVP_PKEY_free(k->pkey);
    OPENSSL_cleanse(k->secret, k->len);
    free(k);
}

static bool algorithm_of(EVP_PKEY *pkey, enum algorithm *out, struct why *why)
{
    char curve[32] = "";
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        *out = RS256;
        return EVP_PKEY_get_bits(pkey) >= CRYPTO_RSA_MIN ||
               fail(why, "an RSA key has at least 2048 bits");
    case EVP_PKEY_EC:
        *out = ES256;
        EVP_PKEY_get_group_name(pkey, curve, sizeof curve, NULL);
        return !strcmp(curve, "prime256v1") ||
               fail(why, "ES256 has keys on the curve P-256 (prime256v1)");
    case EVP_PKEY_ED25519: *out = EDDSA; return true;
    default:
        return fail(why, "a key is RSA, EC on P-256, or Ed25519, and this one is none of them");
    }
}

static bool print(EVP_PKEY *pkey, uint8_t out[CRYPTO_HASH])
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    bool good = len > 0 && crypto_hash((weft_bytes){der, (size_t)len}, out);
    OPENSSL_free(der);
    return good;
}

/* Takes the pkey, whatever comes of it. */
static crypto_key *key_of(EVP_PKEY *pkey, struct why *why)
{
    if (!pkey) return none(why, "a key that OpenSSL cannot read");
    crypto_key *k = calloc(1, sizeof *k);
    if (k) k->pkey = pkey;
    else EVP_PKEY_free(pkey);
    if (!k) return none(why, "no memory");
    if (algorithm_of(pkey, &k->algorithm, why) &&
        (print(pkey, k->print) || fail(why, "a key that has no DER")))
        return k;
    crypto_key_free(k);
    return NULL;
}

/* Takes the builder. */
static EVP_PKEY *built(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

crypto_key *crypto_key_of_rsa(weft_bytes modulus, weft_bytes exponent, struct why *why)
{
    if (modulus.len > RSA_BYTES_MAX || exponent.len > RSA_BYTES_MAX)
        return none(why, "an RSA key that is too long");
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL),
           *e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
    EVP_PKEY *pkey = NULL;
    if (builder && n && e && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        pkey = built("RSA", builder);
    else OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key_of(pkey, why);
}

crypto_key *crypto_key_of_p256(weft_bytes x, weft_bytes y, struct why *why)
{
    uint8_t point[1 + 2 * P256_NUMBER] = {POINT_CONVERSION_UNCOMPRESSED};
    if (x.len != P256_NUMBER || y.len != P256_NUMBER)
        return none(why, "x and y of P-256 have 32 bytes each");
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        pkey = built("EC", builder);
    else OSSL_PARAM_BLD_free(builder);
    return key_of(pkey, why);
}

crypto_key *crypto_key_of_ed25519(weft_bytes x, struct why *why)
{
    if (x.len != ED25519_KEY) return none(why, "x of Ed25519 has 32 bytes");
    return key_of(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.data, x.len), why);
}

/* ---- PEM ------------------------------------------------------------------------------------- */

static EVP_PKEY *of_certificate(const unsigned char *der, long len)
{
    X509 *x = d2i_X509(NULL, &der, len);
    EVP_PKEY *pkey = x ? X509_get_pubkey(x) : NULL;
    X509_free(x);
    return pkey;
}

static EVP_PKEY *of_public(const unsigned char *der, long len)
{
    return d2i_PUBKEY(NULL, &der, len);
}

static EVP_PKEY *of_rsa_public(const unsigned char *der, long len)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
}

static EVP_PKEY *of_private(const unsigned char *der, long len)
{
    return d2i_AutoPrivateKey(NULL, &der, len);
}

static const struct block {
    const char *name;
    EVP_PKEY *(*read)(const unsigned char *der, long len);
} blocks[] = {
    {PEM_STRING_PUBLIC, of_public},    {PEM_STRING_RSA_PUBLIC, of_rsa_public},
    {PEM_STRING_X509, of_certificate}, {PEM_STRING_PKCS8INF, of_private},
    {PEM_STRING_RSA, of_private},      {PEM_STRING_ECPRIVATEKEY, of_private},
};

enum { BLOCKS = sizeof blocks / sizeof *blocks };

static crypto_key *read_block(const char *name, const char *header, const unsigned char *der,
                              long len, struct why *why)
{
    if (!strcmp(name, PEM_STRING_PKCS8) || *header)
        return none(
            why,
            "a private key that is encrypted: openssl pkey writes it plain; for checking, openssl pkey "
            "-pubout is all that is needed");
    for (size_t i = 0; i < BLOCKS; i++)
        if (!strcmp(blocks[i].name, name)) return key_of(blocks[i].read(der, len), why);
    return none(why, "a PEM block that is neither a key nor a certificate");
}

bool crypto_read_pem(weft_bytes pem, bool (*on_key)(crypto_key *k, void *user, struct why *why),
                     void *user, struct why *why)
{
    BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
    char *name, *header;
    unsigned char *der;
    long len;
    size_t n = 0;
    bool good = in;
    while (good && PEM_read_bio(in, &name, &header, &der, &len)) {
        if (strcmp(name, PEM_STRING_ECPARAMETERS) != 0) {
            crypto_key *k = read_block(name, header, der, len, why);
            good = k && on_key(k, user, why);
            n++;
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)len);
    }
    BIO_free(in);
    ERR_clear_error();
    return good && (n || why_say(why, "no key: its PEM blocks cannot be read"));
}

bool crypto_is_der(weft_bytes data)
{
    EVP_PKEY *(*const read[])(const unsigned char *, long) = {of_public, of_certificate, of_private,
                                                              of_rsa_public};
    EVP_PKEY *pkey = NULL;
    for (size_t i = 0; !pkey && i < sizeof read / sizeof *read; i++)
        pkey = read[i](data.data, (long)data.len);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return pkey;
}

enum algorithm crypto_key_algorithm(const crypto_key *k)
{
    return k->algorithm;
}

void crypto_key_print(const crypto_key *k, uint8_t out[CRYPTO_HASH])
{
    memcpy(out, k->print, CRYPTO_HASH);
}

/* ---- signatures ------------------------------------------------------------------------------ */

static weft_bytes secret_of(const crypto_key *k)
{
    return (weft_bytes){k->secret, k->len};
}

static const EVP_MD *digest_of(const crypto_key *k)
{
    return k->algorithm == EDDSA ? NULL : EVP_sha256();
}

static bool verify(const crypto_key *k, weft_bytes text, const uint8_t *signature, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, digest_of(k), NULL, k->pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, len, text.data, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

static bool verify_p256(const crypto_key *k, weft_bytes text, weft_bytes signature)
{
    if (signature.len != 2 * P256_NUMBER) return false;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.data, P256_NUMBER, NULL);
    BIGNUM *s = BN_bin2bn(signature.data + P256_NUMBER, P256_NUMBER, NULL);
    unsigned char *der = NULL;
    bool good = false;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
        r = s = NULL;
        int len = i2d_ECDSA_SIG(pair, &der);
        good = len > 0 && verify(k, text, der, (size_t)len);
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return good;
}

bool crypto_verify(const crypto_key *k, weft_bytes text, weft_bytes signature)
{
    uint8_t hash[CRYPTO_HASH];
    if (!signature.len) return false;
    if (k->algorithm == ES256) return verify_p256(k, text, signature);
    if (k->algorithm != HS256) return verify(k, text, signature.data, signature.len);
    return signature.len == sizeof hash && crypto_hmac(secret_of(k), text, hash) &&
           crypto_equal(hash, signature.data, sizeof hash);
}

static ptrdiff_t pair_of(const uint8_t *der, size_t len, uint8_t *out)
{
    const unsigned char *at = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, P256_NUMBER) == P256_NUMBER &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + P256_NUMBER, P256_NUMBER) == P256_NUMBER;
    ECDSA_SIG_free(pair);
    return good ? 2 * P256_NUMBER : -1;
}

ptrdiff_t crypto_sign(const crypto_key *k, weft_bytes text, uint8_t out[CRYPTO_SIGNATURE_MAX])
{
    uint8_t made[CRYPTO_SIGNATURE_MAX];
    size_t len = sizeof made;
    if (k->algorithm == HS256) return crypto_hmac(secret_of(k), text, out) ? CRYPTO_HASH : -1;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestSignInit(ctx, NULL, digest_of(k), NULL, k->pkey) == 1 &&
                EVP_DigestSign(ctx, made, &len, text.data, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!good) return -1;
    if (k->algorithm == ES256) return pair_of(made, len, out);
    memcpy(out, made, len);
    return (ptrdiff_t)len;
}
