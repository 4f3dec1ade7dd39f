/* SPDX-License-Identifier: MIT
 *
 * access/keys.c - three forms of a file, and the search for who has signed
 */
#include "access/keys.h"

#include <stdio.h>
#include <string.h>

#include "access/base64url.h"
#include "access/object.h"
#include "access/text.h"

enum { NUMBER_MAX = 1024 /* bytes of a number of a JWK */ };

/* Takes the key. */
static bool add(struct keys *k, crypto_key *crypto, weft_bytes kid, struct why *why)
{
    if (!crypto) return false;
    if (k->n == KEYS_MAX || kid.len > KEYS_KID_MAX || !text_is_plain(kid)) {
        crypto_key_free(crypto);
        return why_say(why, k->n == KEYS_MAX ? "there are more than 64 keys"
                                             : "a kid has at most 128 characters");
    }
    struct key *key = &k->items[k->n++];
    key->crypto = crypto;
    memcpy(key->kid, kid.data ? (const char *)kid.data : "", kid.len);
    key->kid[kid.len] = '\0';
    return true;
}

/* ---- JWK ------------------------------------------------------------------------------------- */

struct number {
    uint8_t bytes[NUMBER_MAX + 3];
    weft_bytes value;
};

static bool read_number(struct number *n, const json_t *jwk, const char *name, struct why *why)
{
    weft_bytes text = object_text(jwk, name);
    ptrdiff_t len = text.len && text.len <= NUMBER_MAX ? base64url_decode(text, n->bytes) : -1;
    if (len < 0) return why_say(why, "%s of a JWK is not base64url, or is missing", name);
    n->value = (weft_bytes){n->bytes, (size_t)len};
    return true;
}

static crypto_key *read_rsa(const json_t *jwk, struct why *why)
{
    struct number n, e;
    return read_number(&n, jwk, "n", why) && read_number(&e, jwk, "e", why)
               ? crypto_key_of_rsa(n.value, e.value, why)
               : NULL;
}

static crypto_key *read_p256(const json_t *jwk, struct why *why)
{
    struct number x, y;
    return read_number(&x, jwk, "x", why) && read_number(&y, jwk, "y", why)
               ? crypto_key_of_p256(x.value, y.value, why)
               : NULL;
}

static crypto_key *read_ed25519(const json_t *jwk, struct why *why)
{
    struct number x;
    return read_number(&x, jwk, "x", why) ? crypto_key_of_ed25519(x.value, why) : NULL;
}

static crypto_key *read_oct(const json_t *jwk, struct why *why)
{
    struct number secret;
    crypto_key *k =
        read_number(&secret, jwk, "k", why) ? crypto_key_of_secret(secret.value, why) : NULL;
    crypto_forget(&secret, sizeof secret);
    return k;
}

static const struct kind {
    const char *kty, *crv, *alg;
    crypto_key *(*read)(const json_t *jwk, struct why *why);
} kinds[] = {
    {"RSA", "", "RS256", read_rsa},
    {"EC", "P-256", "ES256", read_p256},
    {"OKP", "Ed25519", "EdDSA", read_ed25519},
    {"oct", "", "HS256", read_oct},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* NULL: it is for something that is not done here, encryption, or another algorithm. */
static const struct kind *kind_of(const json_t *jwk)
{
    weft_bytes alg = object_text(jwk, "alg"), use = object_text(jwk, "use");
    if (use.len && !text_is(use, "sig")) return NULL;
    for (size_t i = 0; i < KINDS; i++)
        if (text_is(object_text(jwk, "kty"), kinds[i].kty) &&
            text_is(object_text(jwk, "crv"), kinds[i].crv))
            return !alg.len || text_is(alg, kinds[i].alg) ? &kinds[i] : NULL;
    return NULL;
}

/* What is for something else is passed over (RFC 7517, 5). */
static bool add_jwk(struct keys *k, const json_t *jwk, struct why *why)
{
    const struct kind *kind = kind_of(jwk);
    return !kind || add(k, kind->read(jwk, why), object_text(jwk, "kid"), why);
}

static bool add_jwks(struct keys *k, weft_bytes text, struct why *why)
{
    json_t *all = object_read(text);
    if (!all) return why_say(why, "it begins as JSON does, and is no JSON object");
    const json_t *list = json_object_get(all, "keys");
    size_t before = k->n, i;
    const json_t *jwk;
    bool good = true;
    if (list) {
        json_array_foreach(list, i, jwk) good = good && add_jwk(k, jwk, why);
    } else {
        good = add_jwk(k, all, why);
    }
    json_decref(all);
    if (good && k->n == before)
        return why_say(why, "no key for RS256, ES256 (P-256), EdDSA (Ed25519) or HS256 is in it");
    return good;
}

/* ---- the others ------------------------------------------------------------------------------ */

static bool on_pem(crypto_key *crypto, void *user, struct why *why)
{
    return add(user, crypto, (weft_bytes){0}, why);
}

static bool begins(weft_bytes text, const char *with)
{
    return text_begins(text, text_of(with));
}

static bool is_public(weft_bytes secret)
{
    return begins(secret, "ssh-") || begins(secret, "ecdsa-") || crypto_is_der(secret);
}

static weft_bytes without_line_end(weft_bytes text)
{
    if (text.len && text.data[text.len - 1] == '\n') text.len--;
    if (text.len && text.data[text.len - 1] == '\r') text.len--;
    return text;
}

bool keys_add(struct keys *k, weft_bytes text, struct why *why)
{
    weft_bytes trimmed = text_trimmed(text);
    if (!trimmed.len) return why_say(why, "it is empty");
    if (trimmed.data[0] == '{') return add_jwks(k, trimmed, why);
    if (memmem(text.data, text.len, "-----BEGIN ", 11))
        return crypto_read_pem(text, on_pem, k, why);
    if (is_public(text))
        return why_say(why, "a key in a form that is not understood: PEM, or JWKS, would be right");
    return add(k, crypto_key_of_secret(without_line_end(text), why), (weft_bytes){0}, why);
}

void keys_deinit(struct keys *k)
{
    while (k->n) crypto_key_free(k->items[--k->n].crypto);
}

/* ---- the search ------------------------------------------------------------------------------ */

static bool is_of(const struct key *key, const char *algorithm)
{
    return !strcmp(algorithm_name(crypto_key_algorithm(key->crypto)), algorithm);
}

/* A key without a name may be any. */
static bool is_meant(const struct key *key, weft_bytes kid)
{
    return !kid.len || !key->kid[0] || text_is(kid, key->kid);
}

const struct key *keys_find(const struct keys *k, const char *algorithm, weft_bytes kid,
                            weft_bytes text, weft_bytes signature)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct key *key = &k->items[i];
        if (is_of(key, algorithm) && is_meant(key, kid) &&
            crypto_verify(key->crypto, text, signature))
            return key;
    }
    return NULL;
}

bool keys_have(const struct keys *k, const char *algorithm)
{
    size_t i = 0;
    while (i < k->n && !is_of(&k->items[i], algorithm)) i++;
    return i < k->n;
}

void keys_name_algorithms(const struct keys *k, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (enum algorithm a = 0; a < ALGORITHMS; a++)
        if (keys_have(k, algorithm_name(a)) && len < size)
            len +=
                (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", algorithm_name(a));
}

bool keys_have_print(const struct keys *k, const uint8_t print[CRYPTO_HASH])
{
    uint8_t own[CRYPTO_HASH];
    for (size_t i = 0; i < k->n; i++) {
        crypto_key_print(k->items[i].crypto, own);
        if (!memcmp(own, print, CRYPTO_HASH)) return true;
    }
    return false;
}
