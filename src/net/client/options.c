/* SPDX-License-Identifier: MIT
 *
 * net/client/options.c - what a client says in its opening handshake
 */
#include "net/client/options.h"

#include <errno.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/reserved.h"
#include "base/strings.h"
#include "http/field_list.h"
#include "http/reply.h"
#include "net/client/credentials.h"

enum { TEXT_MAX = 8192, HOST_MAX = 300, NAME_SHOWN = 80 };

/* ---- fields ---------------------------------------------------------------------------------- */

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

/* Values may be secrets. */
static int field_wrong(const struct options *o, const char *field)
{
    weft_bytes name = name_of(field);
    const char *why = !strchr(field, ':') ? "is no field: say \"Name: value\""
                      : field_is_reserved(name, RESERVED_IN_REQUEST)
                          ? "is the handshake's own: leave it out"
                          : "has a character that may not stand there";
    return log_wrong(o->env, "weft_client_config.fields: \"%.*s\" %s",
                     (int)(name.len < NAME_SHOWN ? name.len : NAME_SHOWN), (const char *)name.data,
                     why);
}

static int keep_fields(struct options *o, const char *const *fields)
{
    size_t n = 0;
    for (; fields && fields[n]; n++)
        if (!field_is_valid(fields[n])) return field_wrong(o, fields[n]);
    o->fields = mem_zalloc(o->env, (n + 1) * sizeof *o->fields);
    if (!o->fields) return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (string_copy(&o->fields[i], o->env, fields[i]) < 0) return -ENOMEM;
    return 0;
}

/* ---- the configuration ----------------------------------------------------------------------- */

static int check_subprotocols(const struct options *o)
{
    for (const char *const *p = o->subprotocols; p && *p; p++)
        if (!bytes_is_token(bytes_of(*p)))
            return log_wrong(o->env,
                             "subprotocols: \"%.80s\" is no token: letters, digits, some of "
                             "\"-._~+!\", no blank",
                             *p);
    return 0;
}

/* The user's own come before the URL's. */
static int keep_credentials(struct options *o, const struct url *url, const char *credentials)
{
    char text[CREDENTIALS_MAX];
    if (credentials && strlen(credentials) > CREDENTIALS_MAX)
        return log_wrong(o->env, "weft_client_config.credentials has %zu bytes: at most %d",
                         strlen(credentials), CREDENTIALS_MAX);
    if (credentials || !url->has_user) return string_copy(&o->credentials, o->env, credentials);
    int error = credentials_of_url(url, text, sizeof text);
    if (error)
        return log_wrong(o->env, "the URL's user and password are not written as they should");
    return string_copy(&o->credentials, o->env, text);
}

static int keep_host(struct options *o, const char *host)
{
    if (host && !url_host_valid(bytes_of(host)))
        return log_wrong(o->env,
                         "weft_client_config.host: \"%.80s\" is no host: say \"example.org\" or "
                         "\"example.org:8080\"",
                         host);
    return string_copy(&o->host, o->env, host);
}

static int keep_origin(struct options *o, const char *origin)
{
    if (origin && !bytes_is_field_value(bytes_of(origin)))
        return log_wrong(o->env,
                         "weft_client_config.origin: \"%.80s\" cannot stand in a field: say "
                         "\"https://example.org\"",
                         origin);
    return string_copy(&o->origin, o->env, origin);
}

int options_init(struct options *o, const weft_env *env, const struct url *url,
                 const weft_client_config *cfg, const weft_handler *h)
{
    *o = (struct options){.env = env,
                          .subprotocols = h->subprotocols,
                          .deflate = h->deflate,
                          .redirects = cfg->redirects};
    int error = check_subprotocols(o);
    if (!error) error = keep_host(o, cfg->host);
    if (!error) error = keep_origin(o, cfg->origin);
    if (!error) error = keep_credentials(o, url, cfg->credentials);
    if (!error) error = keep_fields(o, cfg->fields);
    return error;
}

void options_deinit(struct options *o)
{
    for (char **f = o->fields; f && *f; f++) mem_free(o->env, *f);
    mem_free(o->env, o->fields);
    mem_free(o->env, o->host);
    mem_free(o->env, o->origin);
    mem_free(o->env, o->credentials);
}

/* ---- another origin -------------------------------------------------------------------------- */

static bool is_secret(weft_bytes name)
{
    return bytes_is_nocase(name, "Authorization") || bytes_is_nocase(name, "Cookie");
}

void options_leave_origin(struct options *o)
{
    char **kept = o->fields;
    for (char **f = o->fields; *f; f++) {
        if (is_secret(name_of(*f))) mem_free(o->env, *f);
        else *kept++ = *f;
    }
    *kept = NULL;
    mem_free(o->env, o->credentials);
    mem_free(o->env, o->host);
    o->credentials = o->host = NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void add(struct field_list *l, const struct options *o, const char *name, const char *value,
                int *error)
{
    if (!*error) *error = field_list_add(l, o->env, bytes_of(name), bytes_of(value));
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

static void add_host(struct field_list *l, const struct options *o, const struct url *url,
                     int *error)
{
    char host[HOST_MAX];
    if (o->host) add(l, o, "Host", o->host, error);
    else if (url_host_header(url, host, sizeof host) < 0) *error = WEFT_ERR_URL;
    else add(l, o, "Host", host, error);
}

static int add_upgrade(struct field_list *l, const struct options *o, const struct url *url,
                       const char *key)
{
    int error = 0;
    add_host(l, o, url, &error);
    add(l, o, "Upgrade", "websocket", &error);
    add(l, o, "Connection", "Upgrade", &error);
    add(l, o, "Sec-WebSocket-Key", key, &error);
    add(l, o, "Sec-WebSocket-Version", "13", &error);
    if (o->origin) add(l, o, "Origin", o->origin, &error);
    if (!error) error = add_subprotocols(l, o);
    if (o->deflate) add_deflate(l, o, &error);
    if (!error && o->credentials)
        error = credentials_add(l, o->env, "Authorization", o->credentials);
    for (char **f = o->fields; !error && *f; f++)
        error = field_list_add(l, o->env, name_of(*f), value_of(*f));
    return error;
}

int options_write_upgrade(const struct options *o, const struct url *url, const char *key,
                          struct outq *out)
{
    char target[TEXT_MAX];
    struct field_list l = {0};
    int error = url_target(url, target, sizeof target) < 0 ? WEFT_ERR_URL : 0;
    if (!error) error = add_upgrade(&l, o, url, key);
    if (!error) error = request_head(out, o->env, "GET", bytes_of(target), l.fields, l.n);
    field_list_deinit(&l, o->env);
    return error;
}
