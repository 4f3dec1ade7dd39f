/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_signed.c - queries that say that they are signed, rules, patterns, and tokens in their places
 *
 * A query and a channel, with a line feed between them. Nobody who does not have the secret is let in; and what is made
 * of the same parts is.
 */
#include <stdlib.h>
#include <string.h>

#include "access/place.h"
#include "access/rule.h"
#include "access/signed.h"
#include "access/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

static void query(const struct keys *keys, weft_bytes text, weft_bytes channel)
{
    struct why why = {""};
    struct identity *i = NULL;
    check(signed_check(text, channel, keys, 1000, &i, &why) <= 0 && !i);
}

/* What is signed here is taken, and for another channel it is not. */
static void made(const struct keys *keys, weft_bytes user, weft_bytes channel)
{
    const struct signed_url u = {text_of("read"), channel, user, 2000};
    char parameters[1024];
    struct why why = {""};
    struct identity *i = NULL;
    if (!signed_make(&u, &keys->items[0], parameters, sizeof parameters, &why)) return;
    check(signed_check(text_of(parameters), channel, keys, 1000, &i, &why) == 1);
    check(text_equal(i->user, user));
    identity_unref(i);
    i = NULL;
    check(signed_check(text_of(parameters), text_of("/other"), keys, 1000, &i, &why) == 1
              ? text_is(channel, "/other")
              : !i);
    identity_unref(i);
}

static void places(weft_bytes text)
{
    static struct found found;
    for (int i = 0; i < 4; i++) {
        const struct places in = {.authorization = i == 0 ? text : (weft_bytes){0},
                                  .subprotocols = i == 1 ? text : (weft_bytes){0},
                                  .query = i == 2 ? text : (weft_bytes){0},
                                  .cookies = i == 3 ? text : (weft_bytes){0}};
        place_find(&found, &in);
        check((found.place == PLACE_NONE) == (found.token.len == 0));
        check(found.token.len <= PLACE_TOKEN_MAX + 1 || found.place < PLACE_QUERY);
    }
}

static void rule(const char *text)
{
    struct rules rules = {.n = 0};
    struct why why = {""};
    unsigned by_token;
    if (!rules_add(&rules, text, &why)) return check(why.text[0]);
    const struct channel_pattern *p = &rules.items[0].pattern;
    check(channel_pattern_covers(p, p));
    check(!rules_add(&rules, text, &why));
    (void)rules_rights(&rules, p, NULL, &by_token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct why why;
    struct keys keys = {.n = 0};
    char *text = malloc(size + 1);
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    weft_bytes rest = {(uint8_t *)text, size}, first = text_cut(&rest, '\n');
    check(keys_add(&keys, text_of("0123456789abcdef0123456789abcdef"), &why));
    query(&keys, first, rest);
    made(&keys, first, rest);
    places(first);
    rule(text);
    keys_deinit(&keys);
    free(text);
    return 0;
}
