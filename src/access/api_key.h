/* SPDX-License-Identifier: MIT
 *
 * access/api_key.h - what back-ends show: a word that does not change
 *
 *      # a comment
 *      4b0d2c...           a key, of at least 32 characters
 *      billing 91fe7a...   the same with a name, which presence shows
 *
 * With one, all is allowed that tokens may be given. Only hashes are kept, and each is compared with.
 */
#ifndef ACCESS_API_KEY_H
#define ACCESS_API_KEY_H

#include "access/identity.h"

enum { API_KEYS_MAX = 64, API_KEY_MIN = 32 };

struct api_key {
    char name[4 * IDENTITY_TEXT_MAX + 1];
    uint8_t print[CRYPTO_HASH];
};

struct api_keys {
    size_t n;
    struct api_key items[API_KEYS_MAX];
};

/* What a file holds. false, and why. */
bool api_keys_read(struct api_keys *k, weft_bytes text, struct why *why);

/* A new identity; NULL: it is none of them, or there is no memory. */
struct identity *api_keys_check(const struct api_keys *k, weft_bytes shown);

bool api_keys_have_print(const struct api_keys *k, const uint8_t print[CRYPTO_HASH]);

#endif
