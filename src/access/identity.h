/* SPDX-License-Identifier: MIT
 *
 * access/identity.h - who somebody has proved to be, and what he was given
 *
 *      a token, an API key, a signed URL  ->  identity  ->  kept by his connection, asked for each channel
 *
 * It does not change, so threads share it. What vouches for it (the print of a key) is kept, so that one sees after a
 * reload whether it still does.
 */
#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include <weft/channel.h>

#include "access/crypto.h"
#include "access/pattern.h"

enum { IDENTITY_TEXT_MAX = 64 /* characters of a user, of a name */, IDENTITY_GIVEN_MAX = 128 };

enum voucher { BY_TOKEN, BY_API_KEY, BY_SIGNED_URL };

/* Rights on channels. */
struct given {
    unsigned rights; /* of weft_right */
    struct channel_pattern pattern;
};

struct identity {
    enum voucher by;
    weft_bytes user, name; /* terminated by NUL; empty: he has none */
    uint64_t until_ms;     /* Unix time; 0: for ever */
    uint8_t print[CRYPTO_HASH];
    size_t n;
    struct given given[]; /* and behind it the texts */
};

/* Whether it may be a user, or a name: 1 to 64 characters of UTF-8, none of them a control character. */
bool identity_text_good(weft_bytes text);

/* A copy, texts included; given has n of them. NULL: no memory. It has one reference. */
struct identity *identity_new(const struct identity *from, const struct given *given);
struct identity *identity_ref(const struct identity *i);
void identity_unref(const struct identity *i); /* NULL is fine */

/* Which of these rights he was given on all that the pattern matches. */
unsigned identity_rights(const struct identity *i, const struct channel_pattern *on);

#endif
