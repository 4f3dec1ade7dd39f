/* SPDX-License-Identifier: MIT
 *
 * access/access.h - what the tests of this room share: tokens written by hand, signed with one secret
 */
#ifndef TESTS_ACCESS_H
#define TESTS_ACCESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/base64url.h"
#include "access/crypto.h"
#include "access/text.h"

#define SECRET  "0123456789abcdef0123456789abcdef"
#define ANOTHER "fedcba9876543210fedcba9876543210"
#define HEADER  "{\"alg\":\"HS256\"}"
#define ALICE   "{\"sub\":\"alice\",\"exp\":2000}"

enum { NOW = 1000, TOKEN_ROOM = 20000 };

/* header.payload, signed with HMAC whatever the header says. */
static inline weft_bytes token_with(char out[TOKEN_ROOM], const char *secret, const char *header,
                                    const char *payload)
{
    uint8_t mac[CRYPTO_HASH];
    size_t len = base64url_encode(text_of(header), out);
    out[len++] = '.';
    len += base64url_encode(text_of(payload), out + len);
    assert_true(crypto_hmac(text_of(secret), (weft_bytes){(uint8_t *)out, len}, mac));
    out[len++] = '.';
    len += base64url_encode((weft_bytes){mac, sizeof mac}, out + len);
    return (weft_bytes){(uint8_t *)out, len};
}

static inline weft_bytes token(char out[TOKEN_ROOM], const char *payload)
{
    return token_with(out, SECRET, HEADER, payload);
}

static inline void assert_says(const struct why *why, const char *words, const char *of)
{
    if (!strstr(why->text, words)) fail_msg("%s: \"%s\" does not say \"%s\"", of, why->text, words);
}

static inline void assert_bytes(weft_bytes is, const char *text)
{
    if (!text_is(is, text))
        fail_msg("\"%.*s\" is not \"%s\"", (int)is.len, (const char *)is.data, text);
}

#endif
