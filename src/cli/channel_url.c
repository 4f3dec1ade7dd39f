/* SPDX-License-Identifier: MIT
 *
 * cli/channel_url.c - cut at the first slash, the first question mark, the last at-sign
 */
#include "cli/channel_url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weft/aux.h>

#include "cli/cli.h"
#include "cli/connect.h"

static weft_bytes bytes_of(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

/* ---- apart ----------------------------------------------------------------------------------- */

static const struct scheme {
    const char *text;
    bool secure, posts, is_unix;
} schemes[] = {
    {"ws://", .posts = false},     {"wss://", .secure = true},
    {"http://", .posts = true},    {"https://", .posts = true, .secure = true},
    {"ws+unix:", .is_unix = true},
};

/* What is behind it; NULL: none of ours. */
static const char *take_scheme(struct channel_url *u, const char *text)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        const struct scheme *s = &schemes[i];
        size_t len = strlen(s->text);
        if (strncmp(text, s->text, len) != 0) continue;
        u->secure = s->secure;
        u->posts = s->posts;
        u->is_unix = s->is_unix;
        return text + len;
    }
    return NULL;
}

static void take(char *to, const char **from, size_t len)
{
    memcpy(to, *from, len);
    to[len] = '\0';
    *from += len;
}

/* The last at-sign, because a password may have one. */
static void take_credentials(struct channel_url *u)
{
    const char *at = u->is_unix ? NULL : strrchr(u->authority, '@');
    const char *server = at ? at + 1 : u->authority;
    weft_bytes said = {(const uint8_t *)u->authority, at ? (size_t)(at - u->authority) : 0};
    strcpy(u->server, server);
    if (weft_percent_decode(said, u->credentials, sizeof u->credentials) < 0)
        u->credentials[0] = '\0';
}

static void take_parts(struct channel_url *u, const char *rest)
{
    take(u->authority, &rest, strcspn(rest, u->is_unix ? ":?#" : "/?#"));
    if (u->is_unix && *rest == ':') rest++;
    take(u->path, &rest, strcspn(rest, "?#"));
    if (!u->path[0]) strcpy(u->path, "/");
    if (*rest == '?') rest++;
    take(u->query, &rest, strcspn(rest, "#"));
    take_credentials(u);
}

static int take_name(struct channel_url *u)
{
    int n = weft_percent_decode(bytes_of(u->path), u->name, sizeof u->name);
    if (n < 0 || !weft_utf8_valid((const uint8_t *)u->name, (size_t)n)) {
        complain("%s: the path is no channel's name, which is UTF-8, of at most %d bytes", u->shown,
                 CHANNEL_NAME_ROOM - 1);
        return EXIT_URL;
    }
    u->is_pattern = n >= 2 && !strcmp(u->name + n - 2, "/*");
    return 0;
}

/* These are ours to say. */
static int check_query(const struct channel_url *u)
{
    static const char *const ours[] = {"since", "last", "stream", "wait", "presence", "subscribe"};
    char value[8];
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (weft_query_get(bytes_of(u->query), ours[i], value, sizeof value) == -ENOENT) continue;
        complain("%s: leave \"%s\" out of the URL; flags say that, see --help", u->shown, ours[i]);
        return EXIT_URL;
    }
    return 0;
}

int channel_url_parse(struct channel_url *u, const char *text)
{
    char url[CHANNEL_URL_MAX];
    *u = (struct channel_url){0};
    if (!connect_is_url(text)) {
        complain("\"%s\" is not a URL; one looks like :8080/chat, or http://localhost:8080/chat",
                 text);
        return EXIT_URL;
    }
    if (connect_complete_url(text, url, sizeof url) >= CHANNEL_URL_MAX) {
        complain("the URL is longer than %d bytes", CHANNEL_URL_MAX);
        return EXIT_URL;
    }
    connect_hide_user(url, u->shown);
    const char *rest = take_scheme(u, url);
    if (!rest) {
        complain("%s: a channel's URL begins with ws, wss, http or https", u->shown);
        return EXIT_URL;
    }
    take_parts(u, rest);
    int r = take_name(u);
    return r ? r : check_query(u);
}

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return n <= len && !strcmp(text + len - n, end);
}

void channel_url_is_called(struct channel_url *u, const char *channel)
{
    char name[CHANNEL_NAME_ROOM];
    const char *more = !u->is_pattern ? "" : strcmp(channel, "/") ? "/*" : "*";
    int n = snprintf(name, sizeof name, "%s%s", channel, more);
    if (n > 0 && n < CHANNEL_NAME_ROOM && ends_in(u->name, name)) strcpy(u->name, name);
}

/* ---- and together again ---------------------------------------------------------------------- */

static int fits(const struct channel_url *u, int n, size_t size)
{
    if (n >= 0 && (size_t)n < size) return 0;
    complain("%s: the URL is too long", u->shown);
    return EXIT_URL;
}

/* Of "/quotes/" and a star it is "/quotes"; of "/" and a star "/". */
static int path_len(const struct channel_url *u)
{
    size_t len = strlen(u->path);
    if (!u->is_pattern) return (int)len;
    while (len > 1 && u->path[len - 1] != '/') len--;
    return len > 1 ? (int)len - 1 : 1;
}

int channel_url_target(const struct channel_url *u, const char *more, char *out, size_t size)
{
    const char *first = u->query[0] || more[0] ? "?" : "", *between = "";
    if (u->query[0] && more[0]) between = "&";
    int n =
        snprintf(out, size, "%.*s%s%s%s%s", path_len(u), u->path, first, u->query, between, more);
    return fits(u, n, size);
}

int channel_url_ws(const struct channel_url *u, const char *more, char *out, size_t size)
{
    char target[CHANNEL_URL_MAX];
    int r = channel_url_target(u, more, target, sizeof target);
    if (r) return r;
    const char *scheme = u->is_unix ? "ws+unix:" : u->secure ? "wss://" : "ws://";
    int n = snprintf(out, size, "%s%s%s%s", scheme, u->authority, u->is_unix ? ":" : "", target);
    return fits(u, n, size);
}

/* A colon behind the bracket of an IPv6 address, or anywhere without one. */
static bool has_port(const char *server)
{
    const char *bracket = strrchr(server, ']');
    return strchr(bracket ? bracket : server, ':');
}

int channel_url_pipe(const struct channel_url *u, char *out, size_t size)
{
    const char *scheme = u->is_unix ? "unix:" : u->secure ? "tls://" : "tcp://";
    const char *port = u->is_unix || has_port(u->server) ? "" : u->secure ? ":443" : ":80";
    return fits(u, snprintf(out, size, "%s%s%s", scheme, u->server, port), size);
}
