/* SPDX-License-Identifier: MIT
 *
 * net/client/options.c - what a client says in its opening handshake
 */
#include "net/client/options.h"

#include <errno.h>

#include "base/base64.h"
#include "base/buf.h"
#include "http/field_list.h"
#include "http/reply.h"
#include "http/reserved.h"

enum { TEXT_MAX = 8192, HOST_MAX = 300 };

/* ---- copies ---------------------------------------------------------------------------------- */

static char *duplicate(const weft_env *env, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copied = mem_alloc(env, size);
    return copied ? memcpy(copied, text, size) : NULL;
}

/* *to is a copy of from, or NULL as that is. */
static int keep(const weft_env *env, char **to, const char *from)
{
    *to = from ? duplicate(env, from) : NULL;
    return from && !*to ? -ENOMEM : 0;
}

static weft_bytes name_of(const char *field)
{
    weft_bytes rest = bytes_of(field);
    return bytes_cut(&rest, ':');
}

static weft_bytes value_of(const char *field)
{
    weft_bytes rest = bytes_of(field);
    (void)bytes_cut(&rest, ':');
    return bytes_trim(rest);
}

static bool field_is_valid(const char *field)
{
    return strchr(field, ':') && !field_is_reserved(name_of(field), RESERVED_IN_REQUEST) &&
           reply_field_valid(name_of(field), value_of(field));
}

static int keep_fields(struct options *o, const char *const *fields)
{
    size_t n = 0;
    while (fields && fields[n])
        if (!field_is_valid(fields[n++])) return -EINVAL;
    o->fields = mem_zalloc(o->env, (n + 1) * sizeof *o->fields);
    if (!o->fields) return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (keep(o->env, &o->fields[i], fields[i]) < 0) return -ENOMEM;
    return 0;
}

/* ---- URLs ------------------------------------------------------------------------------------ */

static int set_url(struct options *o, char *text)
{
    mem_free(o->env, o->url_text);
    o->url_text = text;
    if (!text) return -ENOMEM;
    int error = url_parse(&o->url, bytes_of(text), NULL);
    if (error) return error;
    return o->url.scheme == URL_WS || o->url.scheme == URL_WSS || o->url.scheme == URL_WS_UNIX
               ? 0
               : WEFT_ERR_URL;
}

static int set_proxy(struct options *o, const char *text)
{
    if (!text) return 0;
    int error = keep(o->env, &o->proxy_text, text);
    if (error) return error;
    bool http =
        url_parse(&o->proxy, bytes_of(o->proxy_text), NULL) == 0 && o->proxy.scheme == URL_HTTP;
    return http && o->url.scheme != URL_WS_UNIX ? 0 : -EINVAL;
}

static int check_subprotocols(const struct options *o)
{
    for (const char *const *p = o->subprotocols; p && *p; p++)
        if (!bytes_is_token(bytes_of(*p))) return -EINVAL;
    return 0;
}

/* "user:password" of a URL, decoded. */
static int url_credentials(const struct url *url, char *text, size_t size)
{
    int n = url_decode(url->user, text, size / 2);
    if (n < 0) return -EINVAL;
    text[n++] = ':';
    return url_decode(url->password, text + n, size - (size_t)n) < 0 ? -EINVAL : 0;
}

/* The user's own come before the URL's. */
static int keep_credentials(struct options *o, const char *credentials)
{
    char text[TEXT_MAX];
    if (credentials || !o->url.has_user) return keep(o->env, &o->credentials, credentials);
    int error = url_credentials(&o->url, text, sizeof text);
    return error ? error : keep(o->env, &o->credentials, text);
}

static int init(struct options *o, const char *url, const weft_client_config *cfg)
{
    int error = set_url(o, duplicate(o->env, url));
    if (!error) error = check_subprotocols(o);
    if (!error) error = keep(o->env, &o->origin, cfg->origin);
    if (!error && o->origin && !bytes_is_field_value(bytes_of(o->origin))) error = -EINVAL;
    if (!error) error = keep_credentials(o, cfg->credentials);
    if (!error) error = keep_fields(o, cfg->fields);
    if (!error) error = set_proxy(o, cfg->proxy);
    if (cfg->tls) o->tls = weft_tls_ref(cfg->tls);
    return error;
}

int options_init(struct options *o, const weft_env *env, const char *url,
                 const weft_client_config *cfg, const weft_handler *h)
{
    *o = (struct options){.env = env,
                          .subprotocols = h->subprotocols,
                          .deflate = h->deflate,
                          .redirects = cfg->redirects};
    return init(o, url, cfg);
}

void options_deinit(struct options *o)
{
    for (char **f = o->fields; f && *f; f++) mem_free(o->env, *f);
    mem_free(o->env, o->fields);
    mem_free(o->env, o->url_text);
    mem_free(o->env, o->proxy_text);
    mem_free(o->env, o->origin);
    mem_free(o->env, o->credentials);
    weft_tls_unref(o->tls);
}

static bool is_secret(weft_bytes name)
{
    return bytes_is_nocase(name, "Authorization") || bytes_is_nocase(name, "Cookie");
}

static void drop_secrets(struct options *o)
{
    char **kept = o->fields;
    for (char **f = o->fields; *f; f++) {
        if (is_secret(name_of(*f))) mem_free(o->env, *f);
        else *kept++ = *f;
    }
    *kept = NULL;
    mem_free(o->env, o->credentials);
    o->credentials = NULL;
    o->anonymous = true;
}

int options_redirect(struct options *o, weft_bytes location)
{
    char text[TEXT_MAX];
    struct url to;
    int error = url_resolve(&o->url, location, text, sizeof text);
    if (error < 0) return WEFT_ERR_URL;
    error = url_parse(&to, bytes_of(text), NULL);
    if (error) return error;
    if (o->url.secure && !to.secure) return WEFT_ERR_UNSUPPORTED;
    if (!url_same_origin(&o->url, &to)) drop_secrets(o);
    return set_url(o, duplicate(o->env, text));
}

/* ---- requests -------------------------------------------------------------------------------- */

static void add(struct field_list *l, const struct options *o, const char *name, const char *value,
                int *error)
{
    if (!*error) *error = field_list_add(l, o->env, bytes_of(name), bytes_of(value));
}

static int add_basic(struct field_list *l, const struct options *o, const char *name,
                     const char *credentials)
{
    char value[6 + BASE64_LEN(TEXT_MAX) + 1] = "Basic ";
    size_t len = strlen(credentials);
    int error = len <= TEXT_MAX ? 0 : -EINVAL;
    if (error) return error;
    base64_encode(credentials, len, value + 6);
    add(l, o, name, value, &error);
    return error;
}

static int add_proxy_user(struct field_list *l, const struct options *o)
{
    char text[TEXT_MAX];
    if (!o->proxy.has_user) return 0;
    int error = url_credentials(&o->proxy, text, sizeof text);
    return error ? error : add_basic(l, o, "Proxy-Authorization", text);
}

static int add_subprotocols(struct field_list *l, const struct options *o)
{
    if (!o->subprotocols || !o->subprotocols[0]) return 0;
    struct buf list;
    int error = 0;
    buf_init(&list, o->env, TEXT_MAX);
    for (const char *const *p = o->subprotocols; *p; p++) {
        if (p != o->subprotocols) buf_text(&list, ", ");
        buf_text(&list, *p);
    }
    buf_append(&list, "", 1);
    if (list.failed) error = -ENOMEM;
    add(l, o, "Sec-WebSocket-Protocol", (char *)list.data, &error);
    buf_deinit(&list);
    return error;
}

static void add_deflate(struct field_list *l, const struct options *o, int *error)
{
    char text[WEFT_DEFLATE_TEXT];
    weft_deflate_offer(o->deflate, text);
    add(l, o, "Sec-WebSocket-Extensions", text, error);
}

static int add_upgrade(struct field_list *l, const struct options *o, const char *key)
{
    char host[HOST_MAX];
    int error = url_host_header(&o->url, host, sizeof host) < 0 ? WEFT_ERR_URL : 0;
    add(l, o, "Host", host, &error);
    add(l, o, "Upgrade", "websocket", &error);
    add(l, o, "Connection", "Upgrade", &error);
    add(l, o, "Sec-WebSocket-Key", key, &error);
    add(l, o, "Sec-WebSocket-Version", "13", &error);
    if (o->origin) add(l, o, "Origin", o->origin, &error);
    if (!error) error = add_subprotocols(l, o);
    if (o->deflate) add_deflate(l, o, &error);
    if (!error && o->credentials) error = add_basic(l, o, "Authorization", o->credentials);
    for (char **f = o->fields; !error && *f; f++)
        error = field_list_add(l, o->env, name_of(*f), value_of(*f));
    return error;
}

int options_write_upgrade(const struct options *o, const char *key, struct outq *out)
{
    char target[TEXT_MAX];
    struct field_list l = {0};
    int error = url_target(&o->url, target, sizeof target) < 0 ? WEFT_ERR_URL : 0;
    if (!error) error = add_upgrade(&l, o, key);
    if (!error) error = request_head(out, o->env, "GET", bytes_of(target), l.fields, l.n);
    field_list_deinit(&l, o->env);
    return error;
}

int options_write_connect(const struct options *o, struct outq *out)
{
    char target[HOST_MAX];
    struct field_list l = {0};
    int error = url_host_port(&o->url, target, sizeof target) < 0 ? WEFT_ERR_URL : 0;
    add(&l, o, "Host", target, &error);
    if (!error) error = add_proxy_user(&l, o);
    if (!error) error = request_head(out, o->env, "CONNECT", bytes_of(target), l.fields, l.n);
    field_list_deinit(&l, o->env);
    return error;
}
