/* SPDX-License-Identifier: MIT
 *
 * Files of keys: PEM, JWKS, secrets, and what would be a secret by mistake.
 */
#include "access/access.h"
#include "access/keys.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define OCT "\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\""
#define ED \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static struct keys keys;

static int end(void **state)
{
    (void)state;
    keys_deinit(&keys);
    return 0;
}

static void know(weft_bytes text)
{
    struct why why;
    if (!keys_add(&keys, text, &why)) fail_msg("%s", why.text);
}

static void refuses_bytes(weft_bytes text, const char *words)
{
    struct why why = {""};
    if (keys_add(&keys, text, &why))
        fail_msg("%.*s is taken", (int)text.len, (const char *)text.data);
    assert_says(&why, words, words);
}

static void refuses(const char *text, const char *words)
{
    refuses_bytes(text_of(text), words);
}

static void secrets(void **state)
{
    (void)state;
    know(text_of(SECRET "\n"));
    know(text_of(SECRET "\r\n"));
    know(text_of(SECRET));
    uint8_t print[CRYPTO_HASH], again[CRYPTO_HASH];
    crypto_key_print(keys.items[0].crypto, print);
    for (size_t i = 0; i < 3; i++) {
        crypto_key_print(keys.items[i].crypto, again);
        assert_memory_equal(print, again, sizeof print);
    }
    know((weft_bytes){
        (const uint8_t *)"\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7", 32});
    refuses("", "empty");
    refuses(" \n", "empty");
    refuses("0123456789abcdef0123456789abcde\n", "at least 32 bytes");
}

static void jwks(void **state)
{
    (void)state;
    know(text_of("{\"keys\":[{" OCT ",\"kid\":\"a\"},{" ED
                 ",\"use\":\"sig\",\"alg\":\"EdDSA\"},{\"kty\":\"RSA\",\"alg\":\"PS256\"},"
                 "{" OCT ",\"use\":\"enc\"},{\"kty\":\"new\"}]}"));
    assert_int_equal(keys.n, 2);
    assert_string_equal(keys.items[0].kid, "a");
    assert_true(keys_have(&keys, "HS256") && keys_have(&keys, "EdDSA"));
    assert_false(keys_have(&keys, "RS256"));
    char names[64];
    keys_name_algorithms(&keys, names, sizeof names);
    assert_string_equal(names, "HS256, EdDSA");
}

static void what_is_no_jwks(void **state)
{
    (void)state;
    refuses("{", "no JSON object");
    refuses("{\"keys\":[]}", "no key for");
    refuses("{\"keys\":[{" ED ",\"alg\":\"HS256\"}]}", "no key for");
    refuses("{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "at least 32 bytes");
    refuses("{\"kty\":\"oct\"}", "k of a JWK");
    refuses("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "32 bytes");
    refuses("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", "32 bytes");
    refuses(
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
        "cannot read"); /* not on the curve */
    refuses("{\"kty\":\"RSA\",\"n\":\"////\",\"e\":\"AQAB\"}", "base64url");
    refuses("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "2048 bits");
}

/* ---- PEM ------------------------------------------------------------------------------------- */

static BIO *written;

static weft_bytes content(void)
{
    char *data;
    long len = BIO_get_mem_data(written, &data);
    return (weft_bytes){(uint8_t *)data, (size_t)len};
}

static X509 *certificate_of(EVP_PKEY *pkey)
{
    X509 *x = X509_new();
    X509_set_pubkey(x, pkey);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 60);
    X509_sign(x, pkey, EVP_sha256());
    return x;
}

static void pem_in_every_form(void **state)
{
    (void)state;
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");
    X509 *x = certificate_of(ec);
    written = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(written, rsa);
    PEM_write_bio_PrivateKey(written, rsa, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_PrivateKey_traditional(written, rsa, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_PUBKEY(written, ec);
    PEM_write_bio_X509(written, x);
    PEM_write_bio_PrivateKey_traditional(written, ec, NULL, NULL, 0, NULL, NULL);
    know(content());
    assert_int_equal(keys.n, 6);
    uint8_t first[CRYPTO_HASH], other[CRYPTO_HASH];
    for (size_t i = 0; i < 6; i++) {
        crypto_key_print(keys.items[i / 3 * 3].crypto, first);
        crypto_key_print(keys.items[i].crypto, other);
        assert_memory_equal(first, other, sizeof first);
        assert_int_equal(crypto_key_algorithm(keys.items[i].crypto), i < 3 ? RS256 : ES256);
    }
    BIO_free(written);
    X509_free(x);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

static void refuses_key(EVP_PKEY *pkey, const char *words)
{
    written = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(written, pkey);
    refuses_bytes(content(), words);
    BIO_free(written);
    EVP_PKEY_free(pkey);
}

static void weak_and_other_keys(void **state)
{
    (void)state;
    refuses_key(EVP_RSA_gen(1024), "2048 bits");
    refuses_key(EVP_EC_gen("P-384"), "P-256");
    refuses_key(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "none of them");
}

static void an_encrypted_key(void **state)
{
    (void)state;
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    char word[] = "word";
    written = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(written, ec, EVP_aes_128_cbc(), (unsigned char *)word, 4, NULL, NULL);
    refuses_bytes(content(), "encrypted");
    BIO_free(written);
    written = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey_traditional(written, ec, EVP_aes_128_cbc(), (unsigned char *)word, 4,
                                         NULL, NULL);
    refuses_bytes(content(), "encrypted");
    BIO_free(written);
    EVP_PKEY_free(ec);
}

static void a_public_key_in_another_form_is_no_secret(void **state)
{
    (void)state;
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    X509 *x = certificate_of(rsa);
    written = BIO_new(BIO_s_mem());
    i2d_PUBKEY_bio(written, rsa);
    refuses_bytes(content(), "PEM, or JWKS");
    BIO_free(written);
    written = BIO_new(BIO_s_mem());
    i2d_X509_bio(written, x);
    refuses_bytes(content(), "PEM, or JWKS");
    BIO_free(written);
    X509_free(x);
    EVP_PKEY_free(rsa);
    refuses("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000",
            "PEM, or JWKS");
    refuses("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC", "PEM, or JWKS");
    refuses("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", "cannot read");
    refuses("-----BEGIN PUBLIC KEY-----\nno end of it", "cannot be read");
    refuses("-----BEGIN SOMETHING-----\nMFkw\n-----END SOMETHING-----\n",
            "neither a key nor a certificate");
}

static void as_many_as_there_may_be(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS_MAX; i++) know(text_of(SECRET));
    refuses(SECRET, "more than 64");
}

#define unit(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(secrets),
        unit(jwks),
        unit(what_is_no_jwks),
        unit(pem_in_every_form),
        unit(weak_and_other_keys),
        unit(an_encrypted_key),
        unit(a_public_key_in_another_form_is_no_secret),
        unit(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
