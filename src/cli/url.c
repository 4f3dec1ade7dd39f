/* SPDX-License-Identifier: MIT
 *
 * cli/url.c - URLs as people type them
 *
 * With a scheme a URL is taken as it is. Without one, a port makes it plain enough what is meant:
 * "host:8080/chat", "[::1]:8080", ":8080/chat" (on this machine).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/connect.h"

/* ":8080" and then nothing, a path or a query. */
static bool is_port(const char *text)
{
    if (*text++ != ':' || !isdigit((unsigned char)*text)) return false;
    while (isdigit((unsigned char)*text)) text++;
    return *text == '\0' || *text == '/' || *text == '?';
}

static const char *behind_host(const char *text)
{
    if (*text == '[') {
        const char *end = strchr(text, ']');
        return end ? end + 1 : text;
    }
    while (isalnum((unsigned char)*text) || *text == '.' || *text == '-') text++;
    return text;
}

static bool has_scheme(const char *text)
{
    return strstr(text, "://") || !strncmp(text, "ws+unix:", 8);
}

bool connect_is_url(const char *text)
{
    return has_scheme(text) || is_port(behind_host(text));
}

int connect_complete_url(const char *text, char *url, size_t size)
{
    const char *scheme = has_scheme(text) ? "" : "ws://";
    const char *host = *text == ':' ? "localhost" : "";
    return snprintf(url, size, "%s%s%s", scheme, host, text);
}

/* The first thing that a dialer would call, and no loop ever runs it. */
static int open_nothing(void *user)
{
    (void)user;
    return -ECANCELED;
}

int connect_url_error(const char *url)
{
    const weft_dial dial = {.open = open_nothing};
    const weft_client_config config = {.dial = &dial};
    const weft_handler handler = {0};
    weft_loop *loop;
    weft_conn *conn;
    int r = weft_loop_new(&loop, NULL);
    if (r < 0) return r;
    r = weft_connect(&conn, loop, url, &config, &handler, NULL);
    weft_loop_free(loop);
    return r;
}

void connect_hide_user(const char *url, char *shown)
{
    const char *scheme = strstr(url, "://");
    size_t authority = scheme ? (size_t)(scheme - url) + 3 : 0;
    size_t end = authority + strcspn(url + authority, "/?");
    size_t at = end;
    while (at > authority && url[at - 1] != '@') at--;
    memcpy(shown, url, authority);
    strcpy(shown + authority, url + at);
}
