/* SPDX-License-Identifier: MIT
 *
 * net/client/dial.c - a weft_dial, copied and checked
 */
#include "net/client/dial.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/sized.h"
#include "base/strings.h"
#include "http/field_list.h"
#include "http/pipe_url.h"
#include "http/reply.h"
#include "net/client/credentials.h"
#include "net/client/words.h"

SIZED_TAKER(take, weft_dial, user, 72, user)

enum { TEXT_MAX = 8192, HOST_MAX = 300, NAME_MAX = 253, SHOWN_SIZE = 160 };

int dial_take(const weft_env *env, weft_dial *to, weft_limits *limits, const weft_dial *from,
              size_t size, size_t limits_size)
{
    int error = take(env, to, from, size);
    return error ? error : limits_take_at(env, limits, &to->limits, limits_size);
}

/* ---- URLs ------------------------------------------------------------------------------------ */

int dial_websocket_url(struct url *u, weft_bytes text, const char **why)
{
    int error = url_parse(u, text, why);
    if (error) return error;
    bool ours = u->scheme == URL_WS || u->scheme == URL_WSS || u->scheme == URL_WS_UNIX;
    if (!ours) *why = "the scheme is not ws, wss or ws+unix";
    return ours ? 0 : WEFT_ERR_URL;
}

int dial_pipe_url(struct url *u, weft_bytes text, const char **why)
{
    return pipe_url_parse(u, text, why);
}

static int parse_own(struct dial *d, dial_parse *parse)
{
    char shown[SHOWN_SIZE];
    const char *why;
    int error = parse(&d->own, bytes_of(d->own_text), &why);
    d->url = d->own;
    if (!error) return 0;
    url_words(bytes_of(d->own_text), shown, sizeof shown);
    log_line(d->env, WEFT_LOG_ERROR, "the URL \"%s\": %s", shown, why);
    return error;
}

static bool is_unix(const struct url *u)
{
    return u->socket.len > 0;
}

static int set_proxy(struct dial *d, const char *text)
{
    if (!text) return 0;
    int error = string_copy(&d->proxy_text, d->env, text);
    if (error) return error;
    bool http = url_parse(&d->proxy, bytes_of(d->proxy_text), NULL) == 0;
    char shown[SHOWN_SIZE];
    url_words(bytes_of(text), shown, sizeof shown);
    if (!http || d->proxy.scheme != URL_HTTP)
        return log_wrong(
            d->env,
            "weft_dial.proxy: \"%.80s\" is no proxy: say \"http://host:port\", perhaps with "
            "\"user:password@\" before the host",
            shown);
    if (is_unix(&d->url))
        return log_wrong(d->env, "weft_dial.proxy: no proxy leads to a Unix socket: say NULL");
    return 0;
}

static bool same_place(const struct url *a, const struct url *b)
{
    return bytes_equal(a->socket, b->socket) && bytes_equal_nocase(a->host, b->host) &&
           a->port == b->port;
}

bool dial_at_home(const struct dial *d)
{
    return same_place(&d->own, &d->url);
}

/* Whether we may go there. */
static int judge(const struct dial *d, const struct url *to, const char **why)
{
    *why = "that is not secret, and this was";
    if (d->url.secure && !to->secure) return WEFT_ERR_UNSUPPORTED;
    *why = "the socket that the program opens does not lead there";
    return d->open && !same_place(&d->own, to) ? WEFT_ERR_REFUSED : 0;
}

/* Where a Location leads to. 0 or an error. */
static int lead(const struct dial *d, struct url *to, weft_bytes location, char text[TEXT_MAX],
                const char **why)
{
    if (url_resolve(&d->url, location, text, TEXT_MAX, why) < 0) return WEFT_ERR_URL;
    int error = dial_websocket_url(to, bytes_of(text), why);
    return error ? error : judge(d, to, why);
}

int dial_redirect(struct dial *d, weft_bytes location, const char **why)
{
    char text[TEXT_MAX], *kept;
    struct url to;
    int error = lead(d, &to, location, text, why);
    if (error) return error;
    *why = "out of memory";
    if (string_copy(&kept, d->env, text) < 0) return -ENOMEM;
    bool leaves = !url_same_origin(&d->url, &to);
    mem_free(d->env, d->led_text);
    d->led_text = kept;
    d->anonymous |= leaves;
    error = dial_websocket_url(&d->url, bytes_of(kept), why);
    return error ? error : leaves;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static int set_address(struct dial *d, const char *text)
{
    if (!text || (*text != '*' && sock_parse(&d->address, text) == 0)) return 0;
    log_line(d->env, WEFT_LOG_ERROR,
             "weft_dial.address: \"%.80s\" is no address: say \"192.0.2.1:80\", \"[::1]:80\", "
             "\"unix:/path\" or \"unix:@name\"",
             text);
    return WEFT_ERR_ADDRESS;
}

/* With a port or without. */
static bool is_source(struct sock_addr *to, const char *text)
{
    if (sock_numeric(to, text, 0) == 0) return true;
    return *text != '*' && sock_parse(to, text) == 0 && to->sa.sa_family != AF_UNIX;
}

static int set_source(struct dial *d, const char *text)
{
    if (!text || is_source(&d->source, text)) return 0;
    log_line(
        d->env, WEFT_LOG_ERROR,
        "weft_dial.source: \"%.80s\" is no address: say \"192.0.2.7\", \"2001:db8::7\", or one with "
        "a port",
        text);
    return WEFT_ERR_ADDRESS;
}

static bool unix_address(const struct url *u, struct sock_addr *out)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    copy(path, u->socket.data, u->socket.len);
    path[u->socket.len] = 0;
    return sock_unix(out, path) == 0;
}

bool dial_fixed(const struct dial *d, struct sock_addr *out)
{
    if (d->proxy_text) return false;
    if (!d->address.len || !dial_at_home(d)) return is_unix(&d->url) && unix_address(&d->url, out);
    *out = d->address;
    return true;
}

const struct url *dial_next_hop(const struct dial *d)
{
    return d->proxy_text ? &d->proxy : &d->url;
}

/* ---- names ----------------------------------------------------------------------------------- */

static int set_server_name(struct dial *d, const char *name)
{
    if (name && (!*name || strlen(name) > NAME_MAX))
        return log_wrong(d->env, "weft_dial.server_name has %zu bytes: a name has 1 to %d",
                         strlen(name), NAME_MAX);
    return string_copy(&d->server_name, d->env, name);
}

weft_bytes dial_server_name(const struct dial *d)
{
    return d->server_name && dial_at_home(d) ? bytes_of(d->server_name) : d->url.host;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int init(struct dial *d, const char *url, dial_parse *parse, const weft_dial *from)
{
    int error = string_copy(&d->own_text, d->env, url);
    if (!error) error = parse_own(d, parse);
    if (!error) error = set_address(d, from->address);
    if (!error) error = set_source(d, from->source);
    if (!error) error = set_server_name(d, from->server_name);
    if (!error) error = set_proxy(d, from->proxy);
    if (!error && d->proxy_text && d->address.sa.sa_family == AF_UNIX)
        error =
            log_wrong(d->env, "weft_dial.address: a proxy does not connect us to a Unix socket");
    return error;
}

int dial_init(struct dial *d, const weft_env *env, const char *url, dial_parse *parse,
              const weft_dial *from)
{
    *d = (struct dial){.env = env,
                       .tls = from->tls ? weft_tls_ref(from->tls) : NULL,
                       .open = from->open,
                       .lookup = from->lookup,
                       .user = from->user};
    return init(d, url, parse, from);
}

void dial_deinit(struct dial *d)
{
    mem_free(d->env, d->own_text);
    mem_free(d->env, d->led_text);
    mem_free(d->env, d->proxy_text);
    mem_free(d->env, d->server_name);
    weft_tls_unref(d->tls);
}

/* ---- the proxy ------------------------------------------------------------------------------- */

/* What it is to connect us to: host:port. */
static int write_target(const struct dial *d, char *text, size_t size)
{
    if (!d->address.len || !dial_at_home(d)) return url_host_port(&d->url, text, size);
    return sock_format(&d->address, text, size);
}

static int add_proxy_user(struct field_list *l, const struct dial *d)
{
    char text[CREDENTIALS_MAX];
    if (!d->proxy.has_user) return 0;
    int error = credentials_of_url(&d->proxy, text, sizeof text);
    return error ? error : credentials_add(l, d->env, "Proxy-Authorization", text);
}

int dial_write_connect(const struct dial *d, struct outq *out)
{
    char target[HOST_MAX];
    struct field_list l = {0};
    int error = write_target(d, target, sizeof target) < 0 ? WEFT_ERR_URL : 0;
    if (!error) error = field_list_add(&l, d->env, bytes_of("Host"), bytes_of(target));
    if (!error) error = add_proxy_user(&l, d);
    if (!error) error = request_head(out, d->env, "CONNECT", bytes_of(target), l.fields, l.n);
    field_list_deinit(&l, d->env);
    return error;
}
