/* SPDX-License-Identifier: MIT
 *
 * tests/net/cert_files.h - a key, a certificate for localhost that it has signed itself, and a key that
 * does not belong to it; files in a folder that goes with the test
 */
#ifndef NET_CERT_FILES_H
#define NET_CERT_FILES_H

#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "world.h"

static char folder[] = "/tmp/weft-test-tls-XXXXXX";
static char certificate[64], key[64], other_key[64];

static EVP_PKEY *write_key(char *path, const char *name)
{
    snprintf(path, sizeof key, "%s/%s", folder, name);
    EVP_PKEY *made = EVP_EC_gen("P-256");
    FILE *f = fopen(path, "w");
    assert_true(made && f && PEM_write_PrivateKey(f, made, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    return made;
}

/* Signed by itself, for localhost. */
static void write_certificate(EVP_PKEY *for_key)
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, for_key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(x, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(x, for_key, EVP_sha256()) > 0);
    snprintf(certificate, sizeof certificate, "%s/crt", folder);
    FILE *f = fopen(certificate, "w");
    assert_true(f && PEM_write_X509(f, x));
    fclose(f);
    X509_free(x);
}

/* NULL: no memory. */
static inline weft_tls *new_tls(const weft_env *env, const weft_tls_config *cfg)
{
    char why[256] = "";
    weft_tls *tls = NULL;
    int error = weft_tls_new(&tls, env, cfg, why, sizeof why);
    if (error && error != -ENOMEM) fail_msg("%s", why);
    return tls;
}

static inline weft_tls *new_server_tls(const weft_env *env)
{
    const weft_tls_pair pair = {certificate, key};
    return new_tls(env, &(weft_tls_config){.certificates = &pair, .n_certificates = 1});
}

static inline weft_tls *new_client_tls(const weft_env *env)
{
    return new_tls(env, &(weft_tls_config){.authorities = certificate});
}

/* Listens with TLS, too; that is its address from now on. */
static inline void world_listen_tls(struct world *w)
{
    weft_tls *tls = new_server_tls(&w->env);
    assert_int_equal(
        weft_server_listen(w->server, "127.0.0.1:0", &(weft_listen_options){.tls = tls}), 0);
    for (size_t i = 0; weft_server_address(w->server, i, w->address, sizeof w->address) > 0; i++)
        continue;
    weft_tls_unref(tls);
}

static int make_files(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    EVP_PKEY *made = write_key(key, "key"), *other = write_key(other_key, "other");
    write_certificate(made);
    EVP_PKEY_free(made);
    EVP_PKEY_free(other);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    return unlink(certificate) | unlink(key) | unlink(other_key) | rmdir(folder);
}

#endif
