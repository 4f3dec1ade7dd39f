/* SPDX-License-Identifier: MIT
 *
 * access/keys.h - the keys that tokens are checked with
 *
 *      -----BEGIN ...      PEM: public or private keys, certificates, as many as there are
 *      {"keys":[...]}      JWKS (RFC 7517), or one JWK: RSA, EC on P-256, OKP on Ed25519, oct
 *      anything else       one secret, without the end of its line, of at least 32 bytes
 *
 * The key decides the algorithm, and a token only which key it means (kid). A public key in a form that is not
 * understood would pass for a secret that everybody knows: so what looks like one is refused.
 */
#ifndef ACCESS_KEYS_H
#define ACCESS_KEYS_H

#include "access/crypto.h"

enum { KEYS_MAX = 64, KEYS_KID_MAX = 128 };

struct key {
    crypto_key *crypto;
    char kid[KEYS_KID_MAX + 1]; /* "": it has none */
};

struct keys {
    size_t n;
    struct key items[KEYS_MAX];
};

/* What a file holds, added. false, and why; what was added is there. */
bool keys_add(struct keys *k, weft_bytes text, struct why *why);
void keys_deinit(struct keys *k);

/* Which of them has signed the text; NULL: none. kid: as the token has it, or empty. Of keys that have a name only that
 * one is tried. */
const struct key *keys_find(const struct keys *k, const char *algorithm, weft_bytes kid,
                            weft_bytes text, weft_bytes signature);

/* "HS256, ES256": what there are keys for. */
void keys_name_algorithms(const struct keys *k, char *out, size_t size);
bool keys_have(const struct keys *k, const char *algorithm);

/* Whether a key of this print is there. */
bool keys_have_print(const struct keys *k, const uint8_t print[CRYPTO_HASH]);

#endif
