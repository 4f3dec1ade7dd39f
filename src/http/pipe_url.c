/* SPDX-License-Identifier: MIT
 *
 * http/pipe_url.c - a scheme, and an address behind it
 */
#include "http/pipe_url.h"

static int fail(const char **why, const char *text)
{
    *why = text;
    return WEFT_ERR_URL;
}

/* Whether it begins so; then that is cut off. */
static bool skip(weft_bytes *text, const char *prefix)
{
    weft_bytes p = bytes_of(prefix);
    if (text->len < p.len) return false;
    if (!bytes_equal_nocase((weft_bytes){text->data, p.len}, p)) return false;
    *text = bytes_from(*text, p.len);
    return true;
}

static int parse_unix(struct url *u, weft_bytes socket, const char **why)
{
    u->scheme = URL_UNIX;
    u->socket = socket;
    if (socket.len < 2 || (socket.data[0] != '/' && socket.data[0] != '@'))
        return fail(why, "what follows unix: is neither a path nor @ and a name");
    if (socket.len > URL_SOCKET_MAX) return fail(why, "the socket's path is too long");
    if (memchr(socket.data, 0, socket.len)) return fail(why, "a NUL in the socket's path");
    return 0;
}

int pipe_url_parse(struct url *u, weft_bytes text, const char **why)
{
    const char *unused;
    if (!why) why = &unused;
    *why = "";
    *u = (struct url){0};
    if (skip(&text, "unix:")) return parse_unix(u, text, why);
    u->secure = skip(&text, "tls://");
    u->scheme = u->secure ? URL_TLS : URL_TCP;
    if (!u->secure && !skip(&text, "tcp://"))
        return fail(why, "the scheme is not tcp, tls or unix");
    int error = url_parse_host(u, text, why);
    if (!error && !u->port) return fail(why, "no port behind the host");
    return error;
}
