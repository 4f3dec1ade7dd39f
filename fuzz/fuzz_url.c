/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_url.c - what is taken for a URL can be written and read again
 *
 * The same bytes are tried as a URL, as a Location, as Host, as a pipe's URL, and as a static file's path.
 */
#include <stdio.h>
#include <stdlib.h>

#include "http/file.h"
#include "http/pipe_url.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

static void written_and_read_again(const struct url *u)
{
    char host[300], target[4096], text[4600];
    int h = url_host_header(u, host, sizeof host), t = url_target(u, target, sizeof target);
    check(h > 0 && url_host_valid((weft_bytes){(const uint8_t *)host, (size_t)h}));
    if (t < 0 || u->scheme == URL_WS_UNIX) return;
    int n = snprintf(text, sizeof text, "%s://%s%s", u->secure ? "wss" : "ws", host, target);
    struct url again;
    check(url_parse(&again, (weft_bytes){(const uint8_t *)text, (size_t)n}, NULL) == 0);
    check(url_same_origin(u, &again) && bytes_equal(u->path, again.path));
    check(bytes_equal(u->query, again.query));
}

/* Of the text that it was parsed from. */
static void leads_somewhere(const struct url *u, weft_bytes text)
{
    char host[300], again[320];
    struct url v;
    if (u->scheme == URL_UNIX) {
        check(u->socket.len > 1 && u->socket.len <= URL_SOCKET_MAX);
        check(bytes_equal(u->socket, bytes_from(text, 5)) &&
              !memchr(u->socket.data, 0, u->socket.len));
        return;
    }
    check(u->port && u->host.len && !u->has_user && !u->path.len && !u->query.len);
    check(url_host_port(u, host, sizeof host) > 0);
    int n = snprintf(again, sizeof again, "%s://%s", u->secure ? "tls" : "tcp", host);
    check(pipe_url_parse(&v, (weft_bytes){(const uint8_t *)again, (size_t)n}, NULL) == 0);
    check(v.scheme == u->scheme && v.port == u->port && bytes_equal(v.host, u->host));
}

static void safe_beneath_a_root(const char *path)
{
    check(path[0] != '/' && path[0] != '.' && path[0] != '\0');
    check(!strstr(path, "/.") && !strstr(path, "//") && !strchr(path, '\\'));
    check(weft_utf8_valid(path, strlen(path)) && file_type(path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size + !size);
    copy(exact, data, size);
    weft_bytes text = {exact, size};
    char out[512];
    const char *why;
    struct url u, base;
    if (url_parse(&u, text, NULL) == 0) written_and_read_again(&u);
    if (pipe_url_parse(&u, text, NULL) == 0) leads_somewhere(&u, text);
    url_parse(&base, bytes_of("wss://user@[::1]:8080/w/x?y"), NULL);
    int n = url_resolve(&base, text, out, sizeof out, &why);
    check(n < 0 || ((size_t)n == strlen(out) && url_parse(&u, bytes_of(out), NULL) == 0));
    (void)url_host_valid(text);
    (void)url_decode(text, out, sizeof out);
    if (file_path(text, out, sizeof out) == 0) safe_beneath_a_root(out);
    free(exact);
    return 0;
}
