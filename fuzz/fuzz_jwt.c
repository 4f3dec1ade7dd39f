/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_jwt.c - strangers' tokens, and what a token says that was signed
 *
 * The first byte chooses: a token as it comes; claims, which are signed here first, so that they are read; a file of
 * keys.
 */
#include <stdlib.h>
#include <string.h>

#include "access/jwt.h"
#include "access/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "0123456789abcdef0123456789abcdef";
static const struct claims_policy policy = {"https://id.example", "weft"};

static void check(bool holds)
{
    if (!holds) abort();
}

/* Whoever is let in has an end, and a text for a user. */
static void look_at(struct identity *i, const struct why *why)
{
    if (!i) return check(why->text[0] && strlen(why->text) < sizeof why->text);
    check(i->until_ms > 0 && (!i->user.len || identity_text_good(i->user)));
    check(i->n <= IDENTITY_GIVEN_MAX);
    for (size_t n = 0; n < i->n; n++) {
        const struct channel_pattern *p = &i->given[n].pattern;
        check(channel_pattern_covers(p, p) && (identity_rights(i, p) & i->given[n].rights));
    }
    identity_unref(i);
}

static void as_token(const struct keys *keys, weft_bytes text)
{
    struct why why = {""};
    look_at(jwt_check(text, keys, &policy, 1000, &why), &why);
}

static void as_claims(const struct keys *keys, weft_bytes text)
{
    struct why why = {""};
    char *made = jwt_make(&keys->items[0], text, &why);
    check(made);
    look_at(jwt_check(text_of(made), keys, &policy, 1000, &why), &why);
    free(made);
}

static void as_keys(weft_bytes text)
{
    struct why why = {""};
    struct keys keys = {.n = 0};
    check(keys_add(&keys, text, &why) ? keys.n > 0 : why.text[0]);
    keys_deinit(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    struct why why;
    struct keys keys = {.n = 0};
    uint8_t *exact = malloc(size);
    memcpy(exact, data + 1, size - 1);
    weft_bytes text = {exact, size - 1};
    check(keys_add(&keys, text_of(secret), &why));
    if (data[0] % 3 == 0) as_token(&keys, text);
    else if (data[0] % 3 == 1) as_claims(&keys, text);
    else as_keys(text);
    keys_deinit(&keys);
    free(exact);
    return 0;
}
