/* SPDX-License-Identifier: MIT
 *
 * http/url.c - cut at the first '/' or '?', at '@', at the last ':'; then doubt every part
 */
#include "http/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/chars.h"

enum { HOST_MAX = 253, LOCATION_MAX = 8192 };

static const struct {
    const char *name;
    uint16_t port;
    bool secure;
} schemes[] = {
    [URL_WS] = {"ws", 80, false},          [URL_WSS] = {"wss", 443, true},
    [URL_HTTP] = {"http", 80, false},      [URL_HTTPS] = {"https", 443, true},
    [URL_WS_UNIX] = {"ws+unix", 0, false},
};

static int fail(const char **why, const char *text)
{
    *why = text;
    return WEFT_ERR_URL;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Only of these classes and percent escapes. */
static bool made_of(weft_bytes text, uint8_t classes)
{
    for (size_t i = 0; i < text.len; i++) {
        if (char_class[text.data[i]] & classes) continue;
        bool escape = text.data[i] == '%' && text.len - i > 2 && char_hex(text.data[i + 1]) >= 0 &&
                      char_hex(text.data[i + 2]) >= 0;
        if (!escape) return false;
        i += 2;
    }
    return true;
}

static bool is_ipv6(weft_bytes text)
{
    char name[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (text.len >= sizeof name || memchr(text.data, 0, text.len)) return false;
    copy(name, text.data, text.len);
    name[text.len] = '\0';
    return inet_pton(AF_INET6, name, &address) == 1;
}

/* Digits; -1 if it is anything else or above 65535; text is not empty. */
static int parse_port(weft_bytes text)
{
    int port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return -1;
        port = port * 10 + (text.data[i] - '0');
        if (port > 65535) return -1;
    }
    return port;
}

/* "host:port" or "[ipv6]:port" cut in two; port without its colon, has_port if that is there.
 * false: a bracket is not closed, or something else than a port follows it. */
static bool cut_host(weft_bytes text, weft_bytes *host, weft_bytes *port, bool *has_port,
                     bool *ipv6)
{
    *ipv6 = text.len && text.data[0] == '[';
    char end = *ipv6 ? ']' : ':';
    weft_bytes rest = *ipv6 ? bytes_from(text, 1) : text;
    size_t before = rest.len;
    *host = bytes_cut(&rest, end);
    bool found = before > host->len;
    *has_port = *ipv6 ? rest.len > 0 : found;
    if (*ipv6 && (!found || (rest.len && rest.data[0] != ':'))) return false;
    *port = *ipv6 && rest.len ? bytes_from(rest, 1) : rest;
    return true;
}

bool url_host_valid(weft_bytes text)
{
    weft_bytes host, port;
    bool has_port, ipv6;
    if (!cut_host(text, &host, &port, &has_port, &ipv6) || !host.len) return false;
    if (has_port && parse_port(port) < 0) return false;
    return ipv6 ? is_ipv6(host) : made_of(host, CHAR_HOST | CHAR_SUB);
}

static bool has_non_ascii(weft_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] & 0x80) return true;
    return false;
}

/* ---- parsing --------------------------------------------------------------------------------- */

int url_parse_host(struct url *u, weft_bytes text, const char **why)
{
    weft_bytes port;
    bool has_port;
    if (!cut_host(text, &u->host, &port, &has_port, &u->ipv6))
        return fail(why, "the brackets of an IPv6 address are not closed, or no port follows them");
    if (!u->host.len) return fail(why, "the URL names no host");
    if (has_non_ascii(u->host))
        return fail(why, "an international host name: write it in its ASCII form (xn--...)");
    if (u->ipv6 && !is_ipv6(u->host)) return fail(why, "this is not an IPv6 address");
    if (!u->ipv6 && char_run(CHAR_HOST, u->host.data, u->host.len) < u->host.len)
        return fail(why, "a character that may not stand in a host name");
    if (u->host.len > HOST_MAX) return fail(why, "the host name is too long");
    if (!port.len) return 0; /* behind a colon, too (RFC 3986, 3.2.3) */
    int number = parse_port(port);
    if (number < 1) return fail(why, "the port is not a number from 1 to 65535");
    u->port = (uint16_t)number;
    return 0;
}

static int parse_authority(struct url *u, weft_bytes text, const char **why)
{
    weft_bytes host = text, user = bytes_cut(&host, '@');
    u->has_user = user.len < text.len;
    if (!u->has_user) return url_parse_host(u, text, why);
    u->password = user;
    u->user = bytes_cut(&u->password, ':');
    if (memchr(host.data, '@', host.len)) return fail(why, "an @ in the password: write it as %40");
    if (!made_of(u->user, CHAR_HOST | CHAR_SUB))
        return fail(why, "a character that may not stand in a user name: percent-encode it");
    for (weft_bytes rest = u->password; rest.len;)
        if (!made_of(bytes_cut(&rest, ':'), CHAR_HOST | CHAR_SUB))
            return fail(why, "a character that may not stand in a password: percent-encode it");
    return url_parse_host(u, host, why);
}

static int parse_path(struct url *u, weft_bytes text, const char **why)
{
    weft_bytes rest = text;
    u->path = bytes_cut(&rest, '?');
    u->query = bytes_from(text, u->path.len);
    if (!u->path.len) u->path = bytes_of("/");
    if (has_non_ascii(text)) return fail(why, "a character outside ASCII: percent-encode it");
    return 0;
}

static int parse_network(struct url *u, weft_bytes text, const char **why)
{
    if (text.len < 2 || text.data[0] != '/' || text.data[1] != '/')
        return fail(why, "no // behind the scheme");
    text = bytes_from(text, 2);
    size_t n = 0;
    while (n < text.len && text.data[n] != '/' && text.data[n] != '?') n++;
    int error = parse_authority(u, (weft_bytes){text.data, n}, why);
    return error ? error : parse_path(u, bytes_from(text, n), why);
}

/* Also "ws+unix:///path", which other programs write. */
static int parse_unix(struct url *u, weft_bytes text, const char **why)
{
    if (text.len > 2 && memcmp(text.data, "///", 3) == 0) text = bytes_from(text, 2);
    u->socket = bytes_cut(&text, ':');
    if (!u->socket.len || u->socket.data[0] != '/')
        return fail(why, "the socket's path does not begin with /");
    if (u->socket.len > URL_SOCKET_MAX) return fail(why, "the socket's path is too long");
    if (text.len && text.data[0] != '/') return fail(why, "the path does not begin with /");
    return parse_path(u, text, why);
}

static bool parse_scheme(struct url *u, weft_bytes scheme)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!bytes_is_nocase(scheme, schemes[i].name)) continue;
        u->scheme = (enum url_scheme)i;
        u->port = schemes[i].port;
        u->secure = schemes[i].secure;
        return true;
    }
    return false;
}

int url_parse(struct url *u, weft_bytes text, const char **why)
{
    const char *unused;
    if (!why) why = &unused;
    *why = "";
    *u = (struct url){0};
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= 0x20 || text.data[i] == 0x7f)
            return fail(why, "a space or control character: percent-encode it");
    if (text.len && memchr(text.data, '#', text.len))
        return fail(why, "a fragment (#...) means nothing to a WebSocket");
    if (!text.len || !parse_scheme(u, bytes_cut(&text, ':')))
        return fail(why, "the scheme is not ws, wss, http, https or ws+unix");
    return u->scheme == URL_WS_UNIX ? parse_unix(u, text, why) : parse_network(u, text, why);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What snprintf returned, as our functions return it. */
static int printed(int n, size_t size)
{
    return n >= 0 && (size_t)n < size ? n : -ENOSPC;
}

#define TEXT(bytes) (int)(bytes).len, (bytes).len ? (const char *)(bytes).data : ""

int url_host_port(const struct url *u, char *out, size_t size)
{
    const char *form = u->ipv6 ? "[%.*s]:%u" : "%.*s:%u";
    return printed(snprintf(out, size, form, TEXT(u->host), (unsigned)u->port), size);
}

int url_host_header(const struct url *u, char *out, size_t size)
{
    if (u->scheme == URL_WS_UNIX) return printed(snprintf(out, size, "localhost"), size);
    if (u->port != schemes[u->scheme].port) return url_host_port(u, out, size);
    const char *form = u->ipv6 ? "[%.*s]" : "%.*s";
    return printed(snprintf(out, size, form, TEXT(u->host)), size);
}

int url_target(const struct url *u, char *out, size_t size)
{
    return printed(snprintf(out, size, "%.*s%.*s", TEXT(u->path), TEXT(u->query)), size);
}

int url_decode(weft_bytes text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int c = text.data[i];
        if (c == '%') {
            int high = text.len - i > 2 ? char_hex(text.data[i + 1]) : -1;
            int low = text.len - i > 2 ? char_hex(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) return WEFT_ERR_URL;
            c = high << 4 | low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f) return WEFT_ERR_URL;
        if (n + 1 >= size) return -ENOSPC;
        out[n++] = (char)c;
    }
    if (n >= size) return -ENOSPC;
    out[n] = '\0';
    return (int)n;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    if (a->scheme == URL_WS_UNIX || b->scheme == URL_WS_UNIX)
        return a->scheme == b->scheme && bytes_equal(a->socket, b->socket);
    return a->secure == b->secure && a->port == b->port && bytes_equal_nocase(a->host, b->host);
}

/* ---- Location -------------------------------------------------------------------------------- */

/* An http URL in the answer to a WebSocket's request means the same with ws. No server sends its
 * client to a Unix socket of the client's own machine. */
static const char *resolved_scheme(const struct url *base, weft_bytes location, weft_bytes *rest)
{
    bool ws = base->scheme == URL_WS || base->scheme == URL_WSS || base->scheme == URL_WS_UNIX;
    struct url u = {0};
    *rest = location;
    if (!parse_scheme(&u, bytes_cut(rest, ':')) || u.scheme == URL_WS_UNIX) return NULL;
    if (!ws) return schemes[u.scheme].name;
    return u.secure ? "wss" : "ws";
}

static int write_absolute(const struct url *base, weft_bytes location, char *out, size_t size)
{
    weft_bytes rest;
    const char *scheme = resolved_scheme(base, location, &rest);
    if (!scheme) return WEFT_ERR_URL;
    return printed(snprintf(out, size, "%s:%.*s", scheme, TEXT(rest)), size);
}

/* What stands before the path. */
static int write_root(const struct url *base, char *out, size_t size)
{
    if (base->scheme == URL_WS_UNIX)
        return printed(snprintf(out, size, "ws+unix:%.*s:", TEXT(base->socket)), size);
    const char *form = base->ipv6 ? "%s://[%.*s]:%u" : "%s://%.*s:%u";
    return printed(snprintf(out, size, form, schemes[base->scheme].name, TEXT(base->host),
                            (unsigned)base->port),
                   size);
}

/* RFC 3986, 5.2.4, in place: path begins with '/', and does so afterwards. Returns the length. */
static size_t remove_dots(char *path, size_t len)
{
    size_t to = 0;
    for (size_t from = 0, end; from < len; from = end) {
        for (end = from + 1; end < len && path[end] != '/';) end++;
        size_t n = end - from;
        bool up = n == 3 && !memcmp(path + from, "/..", 3);
        bool here = n == 2 && !memcmp(path + from, "/.", 2);
        if (up)
            while (to && path[--to] != '/') {
            }
        if (!up && !here) memmove(path + to, path + from, n);
        if (!up && !here) to += n;
        else if (end == len) path[to++] = '/';
    }
    return to;
}

/* With its last '/'. */
static weft_bytes directory_of(weft_bytes path)
{
    while (path.data[path.len - 1] != '/') path.len--;
    return path;
}

/* RFC 3986, 5.2.2, for a reference that has neither scheme nor host. */
static int write_relative(const struct url *base, weft_bytes location, char *out, size_t size)
{
    weft_bytes rest = location, path = bytes_cut(&rest, '?'), directory = {0};
    weft_bytes query = bytes_from(location, path.len);
    if (!location.len) query = base->query;
    if (!path.len) path = base->path;
    else if (path.data[0] != '/') directory = directory_of(base->path);
    int root = write_root(base, out, size);
    if (root < 0) return root;
    size_t at = (size_t)root;
    int n =
        printed(snprintf(out + at, size - at, "%.*s%.*s", TEXT(directory), TEXT(path)), size - at);
    if (n < 0) return n;
    at += remove_dots(out + at, (size_t)n);
    n = printed(snprintf(out + at, size - at, "%.*s", TEXT(query)), size - at);
    return n < 0 ? n : (int)at + n;
}

/* Whether a ':' comes before any '/' or '?'. */
static bool has_scheme(weft_bytes location)
{
    size_t n = 0;
    while (n < location.len && !memchr(":/?", location.data[n], 3)) n++;
    return n < location.len && location.data[n] == ':';
}

static int write_resolved(const struct url *base, weft_bytes location, char *out, size_t size)
{
    if (has_scheme(location)) return write_absolute(base, location, out, size);
    bool names_host = location.len > 1 && location.data[0] == '/' && location.data[1] == '/';
    if (!names_host) return write_relative(base, location, out, size);
    if (base->scheme == URL_WS_UNIX) return WEFT_ERR_URL;
    return printed(snprintf(out, size, "%s:%.*s", schemes[base->scheme].name, TEXT(location)),
                   size);
}

/* Behind what names the host, where a blank, or a letter outside ASCII, is a mistake, and told as one. */
static size_t behind_authority(weft_bytes location)
{
    size_t n = 0;
    if (has_scheme(location))
        while (location.data[n++] != ':') continue;
    if (location.len - n < 2 || memcmp(location.data + n, "//", 2) != 0) return n;
    for (n += 2; n < location.len && !memchr("/?", location.data[n], 2);) n++;
    return n;
}

static bool is_written_as_it_is(uint8_t c)
{
    return c < 0x80 && !memchr(" \"<>^`{}", c, 8);
}

/* As browsers do with what servers write (WHATWG URL): percent-encoded, and without tabs. Returns the length. */
static int encode(weft_bytes location, char *out, size_t size)
{
    size_t n = 0, raw = behind_authority(location);
    for (size_t i = 0; i < location.len; i++) {
        uint8_t c = location.data[i];
        if (c == '\t') continue;
        if (size - n < sizeof "%xx") return -ENOSPC;
        if (i < raw || is_written_as_it_is(c)) out[n++] = (char)c;
        else n += (size_t)snprintf(out + n, size - n, "%%%02X", (unsigned)c);
    }
    return (int)n;
}

int url_resolve(const struct url *base, weft_bytes location, char *out, size_t size,
                const char **why)
{
    char text[LOCATION_MAX];
    weft_bytes rest = location;
    struct url u;
    int n = encode(bytes_cut(&rest, '#'), text, sizeof text);
    if (n >= 0) n = write_resolved(base, (weft_bytes){(uint8_t *)text, (size_t)n}, out, size);
    *why = n == -ENOSPC ? "it is too long" : "its scheme or host is none that we may be led to";
    if (n < 0) return n;
    return url_parse(&u, (weft_bytes){(uint8_t *)out, (size_t)n}, why) < 0 ? WEFT_ERR_URL : n;
}
