/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_tickets.c - which key OpenSSL seals a ticket with, and which it opens one with
 *
 * A ticket is what OpenSSL makes of a session by AES-256 in CBC mode and HMAC-SHA256, as without us.
 */
#include "net/wire/tls_tickets.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/env.h"

static const uint64_t seals_us = TLS_TICKET_H * 3600 * UINT64_C(1000000);

/* What OpenSSL wants to hear of a key. */
enum { FAILED = -1, UNKNOWN = 0, KNOWN = 1, KNOWN_AND_RENEW = 2 };

/* ---- the keys, under the lock ---------------------------------------------------------------- */

static void forget(struct tls_tickets *t)
{
    OPENSSL_cleanse(t->keys, sizeof t->keys);
    t->n = 0;
}

/* The first key may seal from now on. false: nothing random is to be had. */
static bool freshen(struct tls_tickets *t)
{
    struct tls_ticket_key fresh;
    uint64_t now = env_now_us(t->env), age = now - t->since_us;
    if (t->n && age < seals_us) return true;
    if (RAND_priv_bytes((unsigned char *)&fresh, sizeof fresh) != 1) return false;
    if (age >= 2 * seals_us) forget(t);
    t->keys[1] = t->keys[0];
    t->keys[0] = fresh;
    t->n = t->n ? 2 : 1;
    t->since_us = now;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

/* The key with this name; NULL: the one that seals. */
static int find(struct tls_tickets *t, const unsigned char *name, struct tls_ticket_key *key)
{
    if (!freshen(t)) return FAILED;
    size_t i = 0;
    while (name && i < t->n && memcmp(t->keys[i].name, name, sizeof key->name) != 0) i++;
    if (i == t->n) return UNKNOWN;
    *key = t->keys[i];
    return i ? KNOWN_AND_RENEW : KNOWN;
}

static int take(struct tls_tickets *t, const unsigned char *name, struct tls_ticket_key *key)
{
    pthread_mutex_lock(&t->lock);
    int found = find(t, name, key);
    pthread_mutex_unlock(&t->lock);
    return found;
}

/* ---- as OpenSSL asks ------------------------------------------------------------------------- */

/* name goes before the ticket. */
static bool seal_with(const struct tls_ticket_key *key, unsigned char *name, unsigned char *iv,
                      EVP_CIPHER_CTX *cipher)
{
    memcpy(name, key->name, sizeof key->name);
    return RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
           EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv);
}

static bool open_with(const struct tls_ticket_key *key, const unsigned char *iv,
                      EVP_CIPHER_CTX *cipher)
{
    return EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv);
}

static bool sign_with(struct tls_ticket_key *key, EVP_MAC_CTX *mac)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    return EVP_MAC_CTX_set_params(mac, params);
}

/* A ticket of TLS 1.3 is used once, so who resumes with one gets the next. */
static int choose_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int sealing)
{
    struct tls_ticket_key key;
    int found = take(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)), sealing ? NULL : name, &key);
    if (found != FAILED && found != UNKNOWN) {
        bool set = sealing ? seal_with(&key, name, iv, cipher) : open_with(&key, iv, cipher);
        if (!set || !sign_with(&key, mac)) found = FAILED;
    }
    OPENSSL_cleanse(&key, sizeof key);
    bool once = !sealing && SSL_version(ssl) >= TLS1_3_VERSION;
    return found == KNOWN && once ? KNOWN_AND_RENEW : found;
}

/* ---- birth and death ------------------------------------------------------------------------- */

void tls_tickets_init(struct tls_tickets *t, const weft_env *env, SSL_CTX *ssl)
{
    *t = (struct tls_tickets){.env = env, .lock = PTHREAD_MUTEX_INITIALIZER};
    SSL_CTX_set_app_data(ssl, t);
    SSL_CTX_set_timeout(ssl, TLS_TICKET_H * 3600);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, choose_key);
}

void tls_tickets_deinit(struct tls_tickets *t)
{
    forget(t);
    pthread_mutex_destroy(&t->lock);
}
