/* SPDX-License-Identifier: MIT
 *
 * cli/sign.c - weft sign: make a URL that opens a channel for a while, or say what is wrong with one
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weft/aux.h>

#include "access/keyring.h"
#include "access/signed.h"
#include "access/text.h"
#include "cli/cli.h"
#include "cli/flags.h"
#include "cli/manual.h"
#include "cli/page.h"

enum { HOUR = 3600 * 1000, YEAR_S = 366 * 24 * 3600, NAME_MAX_BYTES = 1024 };

struct sign {
    struct flag_list keys;
    const char *operation, *user, *base;
    uint64_t ttl;
    bool check;
};

static const char about[] =
    "Signs a URL with a secret of at least 32 bytes, so that whoever has the URL may\n"
    "do one thing on one channel until it expires. Or it says whether a URL is signed.\n";

static const char examples[] =
    "  openssl rand -hex 32 > secret\n"
    "  weft sign --key secret --user alice --ttl 1h https://example.org/rooms/1\n"
    "  weft sign --key secret --check 'https://example.org/rooms/1?signed=...'\n"
    "  weft serve --sign-key secret\n";

/* Where its path begins: behind the authority, if there is one. */
static weft_bytes path_of(const char *url, weft_bytes *query)
{
    const char *scheme = strstr(url, "://");
    const char *path = strchr(scheme ? scheme + 3 : url, '/');
    weft_bytes rest = text_of(path ? path : "/");
    rest.len = strcspn((const char *)rest.data, "#");
    weft_bytes first = text_cut(&rest, '?');
    *query = rest;
    return first;
}

static int make(const struct sign *s, const struct key *key, const char *url, weft_bytes channel)
{
    struct why why;
    char parameters[1024];
    const struct signed_url u = {
        .operation = text_of(s->operation),
        .channel = channel,
        .user = s->user ? text_of(s->user) : (weft_bytes){0},
        .expires_s = (uint64_t)time(NULL) + s->ttl / 1000,
    };
    if (!signed_make(&u, key, parameters, sizeof parameters, &why)) return complain("%s", why.text);
    size_t len = strcspn(url, "#");
    printf("%.*s%c%s%s\n", (int)len, url, memchr(url, '?', len) ? '&' : '?', parameters, url + len);
    return EXIT_CLEAN;
}

static int check(const struct keys *keys, weft_bytes query, weft_bytes channel)
{
    struct why why;
    struct identity *i = NULL;
    int r = signed_check(query, channel, keys, (uint64_t)time(NULL), &i, &why);
    if (r == 0) return complain("it is not signed: there is no parameter signed"), EXIT_REFUSED;
    if (r < 0) return complain("%s", why.text), EXIT_REFUSED;
    puts("good");
    identity_unref(i);
    return EXIT_CLEAN;
}

/* A server knows its channels without its base path. Whether it is under that. */
static bool take_base(weft_bytes *path, weft_bytes base)
{
    if (base.len && (path->len <= base.len || memcmp(path->data, base.data, base.len) ||
                     path->data[base.len] != '/'))
        return false;
    *path = (weft_bytes){path->data + base.len, path->len - base.len};
    return true;
}

static int sign(const struct sign *s, const char *url)
{
    char name[NAME_MAX_BYTES];
    struct why why;
    weft_bytes query, path = path_of(url, &query);
    if (!take_base(&path, page_base(s->base))) return complain("its path is not under %s", s->base);
    int n = weft_percent_decode(path, name, sizeof name);
    if (n < 0) return complain("its path is too long, or has a %% that is no escape");
    struct keyring *ring = keyring_load(&(struct keyring_files){.urls = s->keys.items}, &why);
    if (!ring) return complain("--key: %s", why.text);
    weft_bytes channel = {(uint8_t *)name, (size_t)n};
    int status =
        s->check ? check(&ring->urls, query, channel) : make(s, &ring->urls.items[0], url, channel);
    keyring_unref(ring);
    return status;
}

int sign_run(int argc, char **argv)
{
    struct sign s = {.ttl = HOUR, .operation = "read"};
    const struct flag own[] = {
        {'k', "key", .kind = FLAG_LIST, .into = &s.keys, .value = "FILE",
         .help = "the secret; repeatable: the first signs, any may have signed"},
        {0, "operation", .kind = FLAG_TEXT, .into = &s.operation, .value = "WHAT", .usual = "read",
         .help = "what it opens: read, write, presence or drop, or several with\n"
                 "commas"},
        {0, "user", .kind = FLAG_TEXT, .into = &s.user, .value = "TEXT", .help = "for whom"},
        {0, "ttl", .kind = FLAG_TIME, .into = &s.ttl, .min = 1000, .max = YEAR_S * 1000ull,
         .value = "TIME", .usual = "1h", .help = "how long it is good"},
        {0, "base-path", .kind = FLAG_TEXT, .into = &s.base, .value = "/PATH",
         .help = "what --base-path of the server says"},
        {0, "check", .kind = FLAG_BOOL, .into = &s.check,
         .help = "say whether the URL is signed, and what is wrong with it"},
        {0},
    };
    const struct flag *const tables[] = {own, NULL};
    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft sign [FLAGS] URL", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n != 1) return complain("sign takes one URL, or a path: /rooms/1");
    if (!s.keys.n) return complain("--key FILE: the secret that it is signed with");
    return sign(&s, argv[1]);
}
