/* SPDX-License-Identifier: MIT
 *
 * access/keyring.h - what is secret here, from files: keys of tokens, of URLs, of back-ends
 *
 * It does not change. To read the files anew is to make another, which takes the place of the first; who is looking
 * at that one has a reference.
 */
#ifndef ACCESS_KEYRING_H
#define ACCESS_KEYRING_H

#include "access/api_key.h"
#include "access/keys.h"

enum { KEY_FILE_MAX = 1 << 20 /* bytes */ };

/* Names of files; lists end with NULL, and may be NULL. */
struct keyring_files {
    const char *const *tokens, *const *urls;
    const char *api_keys; /* NULL: none */
};

struct keyring {
    struct keys tokens, urls;
    struct api_keys api;
};

/* NULL, and why: which file, and what is wrong with it. It has one reference. */
struct keyring *keyring_load(const struct keyring_files *files, struct why *why);
struct keyring *keyring_ref(struct keyring *k);
void keyring_unref(struct keyring *k); /* NULL is fine */

bool keyring_is_empty(const struct keyring *k);

/* Whether it still vouches for who was let in. */
bool keyring_knows(const struct keyring *k, const struct identity *i);

#endif
