/* SPDX-License-Identifier: MIT
 *
 * net/route.c - two short lists of paths
 */
#include "net/route.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/bytes.h"

static bool fits(const struct route *r, weft_bytes path)
{
    if (r->prefix ? path.len < r->len : path.len != r->len) return false;
    return memcmp(path.data, r->path, r->len) == 0;
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

static struct route *find_same(struct route_table *t, weft_bytes path, bool prefix)
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

int route_add(struct route_table *t, const weft_env *env, const char *path,
              const struct route *what)
{
    weft_bytes bytes = bytes_of(path);
    bool prefix = bytes.len >= 2 && memcmp(path + bytes.len - 2, "/*", 2) == 0;
    if (!bytes.len || path[0] != '/') return -EINVAL;
    if (prefix) bytes.len--;
    struct route *r = find_same(t, bytes, prefix);
    if (r && r->release) r->release(r->user);
    if (!r) r = append(t, env, bytes);
    if (!r) return -ENOMEM;
    char *text = r->path;
    *r = *what;
    r->path = text;
    r->len = bytes.len;
    r->prefix = prefix;
    return 0;
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
    }
    return 0;
}

static void table_deinit(struct route_table *t, const weft_env *env)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct route *r = &t->routes[i];
        if (r->release) r->release(r->user);
        mem_free(env, r->path);
    }
    mem_free(env, t->routes);
}

void routes_deinit(struct routes *r, const weft_env *env)
{
    table_deinit(&r->websockets, env);
    table_deinit(&r->requests, env);
}
