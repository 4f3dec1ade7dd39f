/* SPDX-License-Identifier: MIT
 *
 * access/signed.c - five lines and their HMAC
 */
#include "access/signed.h"

#include <errno.h>
#include <stdio.h>

#include <weft/aux.h>

#include "access/right.h"
#include "access/text.h"

enum { LINES_MAX = 1024, HEX = 2 * CRYPTO_HASH };

static const char form[] =
    "signed is v1.OPERATION.EXPIRES.HMAC, such as v1.read.1795309464.5f0c...";

/* Of "read,write"; 0: a word of it is none. */
static unsigned rights_of(weft_bytes operation)
{
    unsigned rights = 0;
    do {
        unsigned right = right_of(text_cut(&operation, ','));
        if (!right || right == WEFT_RIGHT_PATTERN) return 0;
        rights |= right;
    } while (operation.len);
    return rights;
}

/* No part holds a line break: that of a channel is checked by who knows channels, the others here. */
static bool check_parts(const struct signed_url *u, struct why *why)
{
    if (!rights_of(u->operation))
        return why_say(
            why,
            "the operation of a signed URL is read, write, presence or drop, or several with commas");
    if (u->user.len && !identity_text_good(u->user))
        return why_say(why, "user is 1 to 64 characters without control characters");
    return text_is_plain(u->channel) ||
           why_say(why, "the name of a channel has no control characters");
}

static int write_lines(const struct signed_url *u, char out[LINES_MAX])
{
    int n = snprintf(out, LINES_MAX, "v1\n%.*s\n%.*s\n%llu\n%.*s", (int)u->operation.len,
                     (const char *)u->operation.data, (int)u->channel.len,
                     (const char *)u->channel.data, (unsigned long long)u->expires_s,
                     (int)u->user.len, u->user.len ? (const char *)u->user.data : "");
    return n < LINES_MAX ? n : -1;
}

/* In hexadecimal, and binary: with HS256 to sign is HMAC. */
static bool mac_of(const struct signed_url *u, const struct key *secret, char out[HEX + 1])
{
    uint8_t mac[CRYPTO_SIGNATURE_MAX];
    char lines[LINES_MAX];
    int n = write_lines(u, lines);
    if (n < 0 ||
        crypto_sign(secret->crypto, (weft_bytes){(uint8_t *)lines, (size_t)n}, mac) != CRYPTO_HASH)
        return false;
    for (size_t i = 0; i < CRYPTO_HASH; i++) snprintf(out + 2 * i, 3, "%02x", mac[i]);
    return true;
}

/* ---- checked --------------------------------------------------------------------------------- */

/* Whatever their number, each is looked at. */
static const struct key *signer(const struct signed_url *u, weft_bytes mac,
                                const struct keys *secrets)
{
    char made[HEX + 1];
    const struct key *found = NULL;
    for (size_t i = 0; i < secrets->n; i++)
        if (mac_of(u, &secrets->items[i], made) && mac.len == HEX &&
            crypto_equal(made, mac.data, HEX))
            found = &secrets->items[i];
    return found;
}

static bool read_parameter(struct signed_url *u, weft_bytes text, weft_bytes *mac, struct why *why)
{
    weft_bytes version = text_cut(&text, '.');
    u->operation = text_cut(&text, '.');
    weft_bytes expires = text_cut(&text, '.');
    *mac = text;
    if (!text_is(version, "v1"))
        return why_say(why, "the version of a signed URL is v1, and this one's is not: %s", form);
    if (!text_number(expires, &u->expires_s)) return why_say(why, "%s", form);
    return check_parts(u, why);
}

static struct identity *identity_of(const struct signed_url *u, const struct key *by)
{
    struct identity i = {
        .by = BY_SIGNED_URL, .user = u->user, .until_ms = u->expires_s * 1000, .n = 1};
    crypto_key_print(by->crypto, i.print);
    const struct given given = {rights_of(u->operation),
                                {.prefix = u->channel, .reach = CHANNEL_ONE}};
    return identity_new(&i, &given);
}

static int refuse(struct why *why, const char *text)
{
    why_say(why, "%s", text);
    return -1;
}

int signed_check(weft_bytes query, weft_bytes channel, const struct keys *secrets, uint64_t now_s,
                 struct identity **out, struct why *why)
{
    char text[SIGNED_MAX], user[SIGNED_MAX + 1] = "";
    int n = secrets->n ? weft_query_get(query, "signed", text, sizeof text) : -ENOENT;
    int m = weft_query_get(query, "user", user, sizeof user);
    if (n == -ENOENT) return 0;
    if (n < 0 || (m < 0 && m != -ENOENT))
        return refuse(why, n < 0 ? form : "user is 1 to 64 characters");
    struct signed_url u = {.channel = channel, .user = {(uint8_t *)user, m > 0 ? (size_t)m : 0}};
    weft_bytes mac;
    if (!read_parameter(&u, (weft_bytes){(uint8_t *)text, (size_t)n}, &mac, why)) return -1;
    const struct key *by = signer(&u, mac, secrets);
    if (!by)
        return refuse(
            why,
            "the signature of this URL does not fit: another key, or the operation, the channel, the "
            "expiry or the user is not what was signed");
    if (now_s >= u.expires_s) return refuse(why, "this URL has expired: get a new one");
    *out = identity_of(&u, by);
    return *out ? 1 : refuse(why, "no memory");
}

/* ---- made ------------------------------------------------------------------------------------ */

bool signed_make(const struct signed_url *u, const struct key *secret, char *out, size_t size,
                 struct why *why)
{
    char mac[HEX + 1], user[3 * SIGNED_MAX + 1] = "";
    if (!check_parts(u, why)) return false;
    if (crypto_key_algorithm(secret->crypto) != HS256)
        return why_say(why, "URLs are signed with a secret, and this is another key");
    if (!mac_of(u, secret, mac)) return why_say(why, "a name that is too long");
    if (u->user.len) weft_percent_encode(u->user, user, sizeof user);
    int n = snprintf(out, size, "signed=v1.%.*s.%llu.%s%s%s", (int)u->operation.len,
                     (const char *)u->operation.data, (unsigned long long)u->expires_s, mac,
                     *user ? "&user=" : "", user);
    return (n >= 0 && (size_t)n < size) || why_say(why, "too long");
}
