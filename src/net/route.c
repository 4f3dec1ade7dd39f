/* SPDX-License-Identifier: MIT
 *
 * net/route.c - two short lists of paths
 */
#include "net/route.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/chars.h"
#include "base/log.h"
#include "base/strings.h"

static bool fits(const struct route *r, weft_bytes path)
{
    if (r->prefix ? path.len < r->len : path.len != r->len) return false;
    size_t last = r->len - 1; /* where paths of the same length are most often told apart */
    return path.data[last] == (uint8_t)r->path[last] && memcmp(path.data, r->path, last) == 0;
}

const struct route *route_find(const struct route_table *t, weft_bytes path)
{
    const struct route *best = NULL;
    for (size_t i = 0; i < t->n; i++) {
        const struct route *r = &t->routes[i];
        if (!fits(r, path)) continue;
        if (!best || r->len > best->len || (r->len == best->len && !r->prefix)) best = r;
    }
    return best;
}

/* One that a request may have, as it is sent. A star within it would be taken for more than the character it is. */
static bool path_is_valid(weft_bytes path)
{
    if (!path.len || path.data[0] != '/') return false;
    for (size_t i = 0; i < path.len; i++) {
        const uint8_t *c = path.data + i;
        if (!(char_class[*c] & CHAR_TARGET) || *c == '?' || *c == '*') return false;
        if (*c != '%') continue;
        if (path.len - i < 3 || char_hex(c[1]) < 0 || char_hex(c[2]) < 0) return false;
    }
    return true;
}

/* Whether it is a subtree, whose star it loses. */
static bool take_star(weft_bytes *path)
{
    bool is = path->len >= 2 && memcmp(path->data + path->len - 2, "/*", 2) == 0;
    path->len -= is;
    return is;
}

static struct route *find_same(const struct route_table *t, weft_bytes path, bool prefix)
{
    for (size_t i = 0; i < t->n; i++) {
        struct route *r = &t->routes[i];
        if (r->prefix == prefix && r->len == path.len && fits(r, path)) return r;
    }
    return NULL;
}

static struct route *append(struct route_table *t, const weft_env *env, weft_bytes path)
{
    char *text = mem_alloc(env, path.len + 1);
    struct route *routes = text ? mem_realloc(env, t->routes, (t->n + 1) * sizeof *routes) : NULL;
    if (!routes) {
        mem_free(env, text);
        return NULL;
    }
    copy(text, path.data, path.len);
    text[path.len] = 0;
    t->routes = routes;
    struct route *r = &routes[t->n++];
    *r = (struct route){.path = text, .len = path.len};
    return r;
}

/* What belongs to a route besides its path. */
static void let_go(const struct route *r, const weft_env *env)
{
    if (r->release) r->release(r->user);
    mem_free(env, r->methods);
    mem_free(env, r->unrefused);
}

int route_add(struct route_table *t, const weft_env *env, const char *path,
              const struct route *what)
{
    weft_bytes bytes = bytes_of(path);
    bool prefix = take_star(&bytes);
    if (!path_is_valid(bytes))
        return log_wrong(env,
                         "the route \"%.80s\" is no path that a request can have: say \"/chat\" or "
                         "\"/files/*\", escaped as in a URL, without a query",
                         path);
    struct route *r = find_same(t, bytes, prefix);
    if (r) let_go(r, env);
    else r = append(t, env, bytes);
    if (!r) return -ENOMEM;
    char *text = r->path;
    *r = *what;
    r->path = text;
    r->len = bytes.len;
    r->prefix = prefix;
    return 0;
}

const struct route *route_named(const struct route_table *t, const char *path)
{
    weft_bytes bytes = bytes_of(path);
    bool prefix = take_star(&bytes);
    return find_same(t, bytes, prefix);
}

int route_copy(struct route_table *to, const weft_env *env, const struct route_table *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct route *what = &from->routes[i];
        struct route *r = append(to, env, (weft_bytes){(const uint8_t *)what->path, what->len});
        if (!r) return -ENOMEM;
        char *text = r->path;
        *r = *what;
        r->path = text;
        r->release = NULL;
        r->unrefused = NULL;
        if (string_copy(&r->methods, env, what->methods) < 0) return -ENOMEM;
        if (string_copy(&r->unrefused, env, what->unrefused) < 0) return -ENOMEM;
    }
    return 0;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static int find_limits(const struct own_limits *own, const weft_limits *limits)
{
    int i = 0;
    while (i < own->n && memcmp(own->sets[i], limits, sizeof *limits) != 0) i++;
    return i;
}

int own_limits_add(struct own_limits *own, const weft_env *env, const weft_limits *limits,
                   uint16_t *number)
{
    int i = find_limits(own, limits);
    *number = (uint16_t)(i + 1);
    if (i < own->n) return 0;
    weft_limits *set = i < UINT16_MAX ? mem_alloc(env, sizeof *set) : NULL;
    weft_limits **sets = set ? mem_realloc(env, own->sets, (size_t)(i + 1) * sizeof *sets) : NULL;
    if (!sets) {
        mem_free(env, set);
        return -ENOMEM;
    }
    *set = *limits;
    own->sets = sets;
    own->sets[own->n++] = set;
    return 0;
}

int own_limits_copy(struct own_limits *to, const weft_env *env, const struct own_limits *from)
{
    if (!from->n) return 0;
    to->sets = mem_alloc(env, from->n * sizeof *to->sets);
    if (!to->sets) return -ENOMEM;
    memcpy(to->sets, from->sets, from->n * sizeof *to->sets);
    to->n = from->n;
    return 0;
}

void own_limits_forget(struct own_limits *own, const weft_env *env)
{
    mem_free(env, own->sets);
    *own = (struct own_limits){0};
}

void own_limits_free(struct own_limits *own, const weft_env *env)
{
    for (uint16_t i = 0; i < own->n; i++) mem_free(env, own->sets[i]);
    own_limits_forget(own, env);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void table_deinit(struct route_table *t, const weft_env *env)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct route *r = &t->routes[i];
        let_go(r, env);
        mem_free(env, r->path);
    }
    mem_free(env, t->routes);
}

void routes_deinit(struct routes *r, const weft_env *env)
{
    table_deinit(&r->websockets, env);
    table_deinit(&r->requests, env);
}
