/* SPDX-License-Identifier: MIT
 *
 * http/url.h - URLs of the schemes ws, wss, http, https and ws+unix, parsed strictly (RFC 3986)
 *
 *      scheme://[user[:password]@]host[:[port]][/path][?query]
 *      ws+unix:/path/of/socket[:/path[?query]]
 *
 * The last three schemes are a pipe's (http/pipe_url.h). All parts are slices of the text that was parsed; nothing is
 * allocated.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "base/bytes.h"

enum url_scheme { URL_WS, URL_WSS, URL_HTTP, URL_HTTPS, URL_WS_UNIX, URL_TCP, URL_TLS, URL_UNIX };

enum { URL_SOCKET_MAX = 107 };

struct url {
    enum url_scheme scheme;
    weft_bytes user, password; /* as written, percent-encoded */
    bool has_user;             /* there was an '@' */
    bool secure;               /* wss, https */
    bool ipv6;                 /* host was in brackets */
    uint16_t port;             /* the scheme's default if none was given; 0 for ws+unix */
    weft_bytes host;           /* without brackets; empty for ws+unix */
    weft_bytes socket;         /* the path of the Unix socket, for ws+unix */
    weft_bytes path;           /* "/" if none was given */
    weft_bytes query;          /* with its '?'; empty if none */
};

/* 0 or WEFT_ERR_URL; *why (may be NULL) then says what is wrong, a constant. */
int url_parse(struct url *u, weft_bytes text, const char **why);

/* "host", "host:port", "[ipv6]" or "[ipv6]:port" into host, ipv6 and, if there is one, port. As url_parse. */
int url_parse_host(struct url *u, weft_bytes text, const char **why);

/* Whether this can stand in Host: host[:port], an IPv6 address in brackets, the host not empty
 * (RFC 9110, 7.2). */
bool url_host_valid(weft_bytes host_and_port);

/* Host's value: brackets kept, the default port left out; "localhost" for ws+unix.
 * Returns the length, or -ENOSPC. Terminates. */
int url_host_header(const struct url *u, char *out, size_t size);

/* host:port with the port always: what CONNECT asks a proxy for. The same. */
int url_host_port(const struct url *u, char *out, size_t size);

/* path and query: the request's target. The same. */
int url_target(const struct url *u, char *out, size_t size);

/* Percent-decoded (user, password). Returns the length, -ENOSPC, or WEFT_ERR_URL (a bad escape, a
 * control character). Terminates. */
int url_decode(weft_bytes text, char *out, size_t size);

/* Whether both lead to the same scheme (ws as http, wss as https), host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/* A Location seen from base: an absolute URL, "//host/path", "/path", or relative to base's path
 * (RFC 3986, 5.2): "y", "../y", "?q", ""; blanks and bytes outside ASCII are percent-encoded. Writes an absolute
 * URL without fragment, of a ws scheme when base is of one. Returns the length, -ENOSPC or WEFT_ERR_URL; *why as
 * url_parse. */
int url_resolve(const struct url *base, weft_bytes location, char *out, size_t size,
                const char **why);

#endif
