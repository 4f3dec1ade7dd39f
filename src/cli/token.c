/* SPDX-License-Identifier: MIT
 *
 * cli/token.c - weft token: make a token, or say what is in one
 *
 *      --key, --user, --read ... -> claims -> signed -> stdout
 *      --check TOKEN|- -> each claim, and the verdict
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "access/base64url.h"
#include "access/jwt.h"
#include "access/keyring.h"
#include "access/right.h"
#include "access/text.h"
#include "cli/cli.h"
#include "cli/escape.h"
#include "cli/flags.h"
#include "cli/manual.h"

enum { HOUR = 3600 * 1000, YEAR_S = 366 * 24 * 3600, LISTS = 4 };

struct token {
    struct flag_list keys, rights[LISTS]; /* in the order of weft_right */
    const char *user, *name, *issuer, *audience, *check;
    uint64_t ttl;
};

static const char about[] =
    "Makes a token (JWT) that says who somebody is and what he may, signed with a key:\n"
    "a secret of at least 32 bytes, or a private key in PEM. The key decides the\n"
    "algorithm. Or it says what is in a token, and whether the key has signed it.\n";

static const char examples[] =
    "  openssl rand -hex 32 > secret\n"
    "  weft token --key secret --user u17 --name Alice --read '/rooms/*' --write /rooms/1\n"
    "  weft token --key secret --user u17 --ttl 10m --read /news | weft token --check - --key secret\n"
    "  weft serve --token-keys secret\n";

/* ---- made ------------------------------------------------------------------------------------ */

static bool add_channels(json_t *claims, const struct token *t, struct why *why)
{
    json_t *channels = json_object();
    struct channel_pattern pattern;
    for (unsigned i = 0; i < LISTS; i++) {
        json_t *list = t->rights[i].n ? json_array() : NULL;
        for (size_t n = 0; n < t->rights[i].n; n++) {
            if (!channel_pattern_read(&pattern, text_of(t->rights[i].items[n]), why)) {
                json_decref(list);
                json_decref(channels);
                return false;
            }
            json_array_append_new(list, json_string(t->rights[i].items[n]));
        }
        if (list) json_object_set_new(channels, right_name(i), list);
    }
    json_object_set_new(claims, "channels", channels);
    return true;
}

static char *claims_of(const struct token *t, struct why *why)
{
    json_t *claims = json_pack("{s:s*, s:s*, s:s*, s:s*, s:I}", "sub", t->user, "name", t->name,
                               "iss", t->issuer, "aud", t->audience, "exp",
                               (json_int_t)((uint64_t)time(NULL) + t->ttl / 1000));
    char *text = NULL;
    if (!claims) why_say(why, "--user, --name, --issuer and --audience are UTF-8");
    else if (add_channels(claims, t, why)) text = json_dumps(claims, JSON_COMPACT);
    json_decref(claims);
    return text;
}

static int make(const struct token *t, const struct keyring *ring)
{
    struct why why = {""};
    if (!ring->tokens.n) return complain("--key FILE: what is it to be signed with?");
    char *claims = claims_of(t, &why);
    char *made = claims ? jwt_make(&ring->tokens.items[0], text_of(claims), &why) : NULL;
    free(claims);
    if (!made) return complain("%s", why.text);
    puts(made);
    free(made);
    return EXIT_CLEAN;
}

/* ---- checked --------------------------------------------------------------------------------- */

static void print_date(const json_t *value)
{
    char date[32];
    time_t t = (time_t)json_number_value(value);
    struct tm tm;
    if (gmtime_r(&t, &tm) && strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm))
        printf(" (%s)", date);
}

/* A line for each member. What is no JSON object is not shown: the verdict says so. */
static void print_part(const char *what, weft_bytes part)
{
    char buffer[JWT_MAX + 3];
    ptrdiff_t len = part.len <= JWT_MAX ? base64url_decode(part, buffer) : -1;
    json_t *object = len < 0 ? NULL : json_loadb(buffer, (size_t)len, 0, NULL), *value;
    const char *name;
    json_object_foreach(object, name, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        printf("%-8s ", what);
        escape_terminal(stdout, text_of(name), " ");
        fputs(": ", stdout);
        escape_terminal(stdout, text_of(text ? text : ""), " ");
        bool is_date = !strcmp(name, "exp") || !strcmp(name, "nbf") || !strcmp(name, "iat");
        if (is_date && json_is_number(value)) print_date(value);
        putchar('\n');
        free(text);
    }
    json_decref(object);
}

static int check(const struct token *t, const struct keyring *ring, weft_bytes token)
{
    struct why why = {""};
    weft_bytes rest = token, header = text_cut(&rest, '.'), payload = text_cut(&rest, '.');
    const struct claims_policy policy = {t->issuer, t->audience};
    print_part("header", header);
    print_part("claims", payload);
    if (!ring->tokens.n) return complain("nobody knows who has signed it: --key FILE would tell");
    struct identity *i = jwt_check(token, &ring->tokens, &policy, (uint64_t)time(NULL), &why);
    if (!i) return complain("%s", why.text), EXIT_REFUSED;
    puts("good");
    identity_unref(i);
    return EXIT_CLEAN;
}

static int check_text(const struct token *t, const struct keyring *ring)
{
    char line[JWT_MAX + 2] = "";
    if (strcmp(t->check, "-") != 0) return check(t, ring, text_trimmed(text_of(t->check)));
    if (!fgets(line, sizeof line, stdin)) return complain("--check -: nothing came on stdin");
    return check(t, ring, text_trimmed(text_of(line)));
}

/* ---- the command ----------------------------------------------------------------------------- */

int token_run(int argc, char **argv)
{
    struct token t = {.ttl = HOUR};
    const struct flag own[] = {
        {'k', "key", .kind = FLAG_LIST, .into = &t.keys, .value = "FILE",
         .help = "a secret, a key in PEM, or JWKS; it signs, or checks; repeatable"},
        {0, "user", .kind = FLAG_TEXT, .into = &t.user, .value = "TEXT", .help = "who: sub"},
        {0, "name", .kind = FLAG_TEXT, .into = &t.name, .value = "TEXT",
         .help = "how presence shows him"},
        {0, "read", .kind = FLAG_LIST, .into = &t.rights[0], .value = "PATTERN",
         .help = "what he may read: /news, /rooms/*, /a/**; repeatable"},
        {0, "write", .kind = FLAG_LIST, .into = &t.rights[1], .value = "PATTERN",
         .help = "where he may publish; repeatable"},
        {0, "presence", .kind = FLAG_LIST, .into = &t.rights[2], .value = "PATTERN",
         .help = "where he may see who is there; repeatable"},
        {0, "drop", .kind = FLAG_LIST, .into = &t.rights[3], .value = "PATTERN",
         .help = "where he may drop what is kept; repeatable"},
        {0, "ttl", .kind = FLAG_TIME, .into = &t.ttl, .min = 1000, .max = YEAR_S * 1000ull,
         .value = "TIME", .usual = "1h", .help = "how long it is good"},
        {0, "issuer", .kind = FLAG_TEXT, .into = &t.issuer, .value = "TEXT",
         .help = "iss: what it says, or what it has to say"},
        {0, "audience", .kind = FLAG_TEXT, .into = &t.audience, .value = "TEXT",
         .help = "aud: the same"},
        {0, "check", .kind = FLAG_TEXT, .into = &t.check, .value = "TOKEN",
         .help = "say what is in this one; -: in the first line of stdin"},
        {0},
    };
    const struct flag *const tables[] = {own, NULL};
    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft token [FLAGS]", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n > 0) return complain("token takes no argument; --check TOKEN looks at one");
    struct why why;
    struct keyring *ring = keyring_load(&(struct keyring_files){.tokens = t.keys.items}, &why);
    if (!ring) return complain("--key: %s", why.text);
    int status = t.check ? check_text(&t, ring) : make(&t, ring);
    keyring_unref(ring);
    return status;
}
