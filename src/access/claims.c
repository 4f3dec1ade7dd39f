/* SPDX-License-Identifier: MIT
 *
 * access/claims.c - times, for whom, by whom, who, and what he may
 */
#include "access/claims.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "access/object.h"
#include "access/right.h"
#include "access/text.h"

static const char usual[] = "channels is {\"read\":[\"/chat\"],\"write\":[...]}";

/* ---- times ----------------------------------------------------------------------------------- */

/* "2026-11-30T12:00:00Z" */
static void write_date(char out[32], uint64_t s)
{
    struct tm tm;
    time_t t = (time_t)s;
    if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, 32, "%llu", (unsigned long long)s);
}

static bool check_times(const json_t *claims, uint64_t now_s, struct identity *i, struct why *why)
{
    uint64_t exp = 0, nbf = 0;
    char date[32];
    if (!json_object_get(claims, "exp"))
        return why_say(why, "the token has no exp: it has to end some day");
    if (!object_date(claims, "exp", &exp, why) || !object_date(claims, "nbf", &nbf, why))
        return false;
    if (now_s >= exp + CLAIMS_LEEWAY_S) {
        write_date(date, exp);
        return why_say(why, "the token has expired (exp was %s): get a new one", date);
    }
    if (nbf > now_s + CLAIMS_LEEWAY_S) {
        write_date(date, nbf);
        return why_say(why, "the token is not good before %s (nbf)", date);
    }
    i->until_ms = (exp + CLAIMS_LEEWAY_S) * 1000;
    return true;
}

/* ---- by whom, for whom ----------------------------------------------------------------------- */

static bool check_issuer(const json_t *claims, const char *issuer, struct why *why)
{
    if (!issuer || text_is(object_text(claims, "iss"), issuer)) return true;
    return why_say(why,
                   json_object_get(claims, "iss") ? "the token is of another issuer (iss) than %s"
                                                  : "the token has no iss: it would have to be %s",
                   issuer);
}

static bool is_among(const json_t *list, const char *wanted)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) if (json_is_string(item) &&
                                          !strcmp(json_string_value(item), wanted)) return true;
    return false;
}

static bool check_audience(const json_t *claims, const char *audience, struct why *why)
{
    const json_t *aud = json_object_get(claims, "aud");
    if (!aud)
        return !audience || why_say(why, "the token has no aud: it would have to be %s", audience);
    if (!audience)
        return why_say(
            why,
            "the token is for somebody in particular (aud), and who this server is was not said: "
            "--token-audience does");
    if (text_is(object_text(claims, "aud"), audience) || is_among(aud, audience)) return true;
    return why_say(why, "the token is for somebody else (aud), not for %s", audience);
}

/* ---- who ------------------------------------------------------------------------------------- */

static bool read_who(const json_t *claims, const char *claim, weft_bytes *out, struct why *why)
{
    if (!json_object_get(claims, claim)) return true;
    *out = object_text(claims, claim);
    return identity_text_good(*out) ||
           why_say(why, "%s of the token is not 1 to 64 characters without control characters",
                   claim);
}

/* ---- what he may ----------------------------------------------------------------------------- */

static bool give(struct given *given, size_t *n, unsigned right, const json_t *text,
                 struct why *why)
{
    struct why wrong;
    if (!json_is_string(text)) return why_say(why, "%s", usual);
    if (*n == IDENTITY_GIVEN_MAX)
        return why_say(why, "channels of the token has more than 128 patterns");
    weft_bytes pattern = {(const uint8_t *)json_string_value(text), json_string_length(text)};
    given[*n].rights = right;
    if (!channel_pattern_read(&given[*n].pattern, pattern, &wrong))
        return why_say(why, "channels of the token: %s", wrong.text);
    ++*n;
    return true;
}

static bool give_each(struct given *given, size_t *n, const char *name, const json_t *list,
                      struct why *why)
{
    unsigned right = right_of(text_of(name));
    size_t i;
    const json_t *text;
    if (!right || right == WEFT_RIGHT_PATTERN)
        return why_say(
            why, "channels of the token has lists read, write, presence and drop, and no others");
    if (json_is_string(list)) return give(given, n, right, list, why);
    if (!json_is_array(list)) return why_say(why, "%s", usual);
    json_array_foreach(list, i, text) if (!give(given, n, right, text, why)) return false;
    return true;
}

static bool read_channels(json_t *claims, struct given *given, size_t *n, struct why *why)
{
    json_t *channels = json_object_get(claims, "channels"), *list;
    const char *name;
    if (!channels) return true;
    if (!json_is_object(channels)) return why_say(why, "%s", usual);
    json_object_foreach(channels, name,
                        list) if (!give_each(given, n, name, list, why)) return false;
    return true;
}

struct identity *claims_read(weft_bytes payload, const struct claims_policy *p, uint64_t now_s,
                             const uint8_t print[CRYPTO_HASH], struct why *why)
{
    struct given given[IDENTITY_GIVEN_MAX];
    struct identity i = {.by = BY_TOKEN}, *made = NULL;
    json_t *claims = object_read(payload);
    if (!claims) {
        why_say(why, "what the token says is no JSON object");
        return NULL;
    }
    memcpy(i.print, print, CRYPTO_HASH);
    if (check_times(claims, now_s, &i, why) && check_issuer(claims, p->issuer, why) &&
        check_audience(claims, p->audience, why) && read_who(claims, "sub", &i.user, why) &&
        read_who(claims, "name", &i.name, why) && read_channels(claims, given, &i.n, why) &&
        !(made = identity_new(&i, given)))
        why_say(why, "no memory");
    json_decref(claims);
    return made;
}
