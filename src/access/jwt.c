/* SPDX-License-Identifier: MIT
 *
 * access/jwt.c - three parts, a key, and then what it says
 */
#include "access/jwt.h"

#include <stdio.h>
#include <stdlib.h>

#include <weft/aux.h>

#include "access/base64url.h"
#include "access/object.h"
#include "access/text.h"

enum { ALGORITHM_MAX = 15 };

struct parts {
    weft_bytes header, payload, signature;
    weft_bytes text; /* what is signed: header.payload */
};

struct header {
    char algorithm[ALGORITHM_MAX + 1];
    char kid[KEYS_KID_MAX + 1];
};

static bool cut(struct parts *p, weft_bytes token, struct why *why)
{
    weft_bytes rest = token;
    if (token.len > JWT_MAX) return why_say(why, "the token has more than %d bytes", JWT_MAX);
    p->header = text_cut(&rest, '.');
    p->payload = text_cut(&rest, '.');
    p->signature = rest;
    p->text = (weft_bytes){token.data, p->header.len + 1 + p->payload.len};
    if (!p->header.len || !p->payload.len || memchr(token.data, 0, token.len) ||
        p->text.len >= token.len || (rest.len && memchr(rest.data, '.', rest.len)))
        return why_say(why,
                       "that is no token: it would be three parts with dots between them (JWT)");
    return true;
}

static bool decode(weft_bytes *out, weft_bytes part, uint8_t *buffer, struct why *why)
{
    ptrdiff_t len = base64url_decode(part, buffer);
    if (len < 0) return why_say(why, "a part of the token is not base64url");
    *out = (weft_bytes){buffer, (size_t)len};
    return true;
}

/* ---- the header ------------------------------------------------------------------------------ */

/* A member that is a short text, or is not there. */
static bool take(const json_t *header, const char *name, char *out, size_t max, struct why *why)
{
    const json_t *value = json_object_get(header, name);
    weft_bytes text = object_text(header, name);
    if (value && (!json_is_string(value) || text.len > max || !text_is_plain(text)))
        return why_say(why, "%s in the token's header is not a short text", name);
    if (text.len) memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static bool take_all(struct header *h, const json_t *header, struct why *why)
{
    if (!header) return why_say(why, "the token's header is no JSON object");
    if (json_object_get(header, "crit"))
        return why_say(why,
                       "the token has critical extensions (crit), and none is understood here");
    return take(header, "alg", h->algorithm, ALGORITHM_MAX, why) &&
           take(header, "kid", h->kid, KEYS_KID_MAX, why);
}

static bool read_header(struct header *h, weft_bytes part, uint8_t *buffer, struct why *why)
{
    weft_bytes text;
    if (!decode(&text, part, buffer, why)) return false;
    json_t *header = object_read(text);
    bool good = take_all(h, header, why);
    json_decref(header);
    return good;
}

/* ---- who has signed it ----------------------------------------------------------------------- */

static bool say_unsigned(const struct keys *keys, const struct header *h, struct why *why)
{
    char known[64];
    keys_name_algorithms(keys, known, sizeof known);
    if (!strcasecmp(h->algorithm, "none"))
        return why_say(why, "the token is not signed (alg is none)");
    if (!keys_have(keys, h->algorithm))
        return why_say(why, "the token's alg is none that there is a key for here: %s", known);
    return why_say(
        why, h->kid[0]
                 ? "no key of this server has signed the token: none of its kid, or another one"
                 : "no key of this server has signed the token");
}

static const struct key *find(const struct parts *p, const struct keys *keys, uint8_t *buffer,
                              struct why *why)
{
    struct header h;
    weft_bytes signature;
    if (!read_header(&h, p->header, buffer, why) || !decode(&signature, p->signature, buffer, why))
        return NULL;
    const struct key *key = keys_find(keys, h.algorithm, text_of(h.kid), p->text, signature);
    if (!key) say_unsigned(keys, &h, why);
    return key;
}

struct identity *jwt_check(weft_bytes token, const struct keys *keys, const struct claims_policy *p,
                           uint64_t now_s, struct why *why)
{
    struct parts parts;
    weft_bytes payload;
    uint8_t buffer[JWT_MAX + 3], print[CRYPTO_HASH];
    if (!cut(&parts, token, why)) return NULL;
    const struct key *key = find(&parts, keys, buffer, why);
    if (!key || !decode(&payload, parts.payload, buffer, why)) return NULL;
    crypto_key_print(key->crypto, print);
    return claims_read(payload, p, now_s, print, why);
}

/* ---- made ------------------------------------------------------------------------------------ */

/* Room for a text in base64url, a dot or NUL behind it, and what the encoder needs. */
static size_t room(size_t len)
{
    return WEFT_BASE64_LEN(len) + 2;
}

char *jwt_make(const struct key *key, weft_bytes claims, struct why *why)
{
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    const char *kid = key->kid[0] ? key->kid : NULL;
    json_t *object =
        json_pack("{s:s, s:s, s:s*}", "alg", algorithm_name(crypto_key_algorithm(key->crypto)),
                  "typ", "JWT", "kid", kid);
    char *header = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    char *out =
        header ? malloc(room(strlen(header)) + room(claims.len) + room(sizeof signature)) : NULL;
    if (out) {
        size_t len = base64url_encode(text_of(header), out);
        out[len++] = '.';
        len += base64url_encode(claims, out + len);
        ptrdiff_t n = crypto_sign(key->crypto, (weft_bytes){(uint8_t *)out, len}, signature);
        out[len++] = '.';
        if (n >= 0) base64url_encode((weft_bytes){signature, (size_t)n}, out + len);
        else free(out), out = NULL;
    }
    free(header);
    if (!out) why_say(why, "this key cannot sign: a private key, or a secret, can");
    return out;
}
