/* SPDX-License-Identifier: MIT
 *
 * access/crypto_none.c - the program was built without OpenSSL: there is no key, so nobody shows anything that is
 * signed
 */
#include "access/crypto.h"

#include <string.h>

static const char sorry[] =
    "this program was built without OpenSSL, and so without tokens and signed URLs";

const char *algorithm_name(enum algorithm a)
{
    (void)a;
    return "none";
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    (void)a, (void)b, (void)len;
    return false;
}

bool crypto_hash(weft_bytes text, uint8_t out[CRYPTO_HASH])
{
    (void)text, (void)out;
    return false;
}

bool crypto_hmac(weft_bytes secret, weft_bytes text, uint8_t out[CRYPTO_HASH])
{
    (void)secret, (void)text, (void)out;
    return false;
}

void crypto_forget(void *data, size_t len)
{
    explicit_bzero(data, len);
}

static crypto_key *none(struct why *why)
{
    why_say(why, "%s", sorry);
    return NULL;
}

crypto_key *crypto_key_of_secret(weft_bytes secret, struct why *why)
{
    (void)secret;
    return none(why);
}

crypto_key *crypto_key_of_rsa(weft_bytes modulus, weft_bytes exponent, struct why *why)
{
    (void)modulus, (void)exponent;
    return none(why);
}

crypto_key *crypto_key_of_p256(weft_bytes x, weft_bytes y, struct why *why)
{
    (void)x, (void)y;
    return none(why);
}

crypto_key *crypto_key_of_ed25519(weft_bytes x, struct why *why)
{
    (void)x;
    return none(why);
}

void crypto_key_free(crypto_key *k)
{
    (void)k;
}

bool crypto_read_pem(weft_bytes pem, bool (*on_key)(crypto_key *k, void *user, struct why *why),
                     void *user, struct why *why)
{
    (void)pem, (void)on_key, (void)user;
    return why_say(why, "%s", sorry);
}

bool crypto_is_der(weft_bytes data)
{
    (void)data;
    return false;
}

enum algorithm crypto_key_algorithm(const crypto_key *k)
{
    (void)k;
    return HS256;
}

void crypto_key_print(const crypto_key *k, uint8_t out[CRYPTO_HASH])
{
    (void)k;
    memset(out, 0, CRYPTO_HASH);
}

bool crypto_verify(const crypto_key *k, weft_bytes text, weft_bytes signature)
{
    (void)k, (void)text, (void)signature;
    return false;
}

ptrdiff_t crypto_sign(const crypto_key *k, weft_bytes text, uint8_t out[CRYPTO_SIGNATURE_MAX])
{
    (void)k, (void)text, (void)out;
    return -1;
}
