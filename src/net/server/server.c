/* SPDX-License-Identifier: MIT
 *
 * net/server/server.c - a server's life, its routes, and what it counts
 */
#include "net/server/server.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/server/crew.h"
#include "net/web/files.h"
#include "net/wire/tls_context.h"
#include "net/wire/wire.h"
#include <weft/handshake.h>

enum { SPARE_DESCRIPTORS = 64, LOOP_DESCRIPTORS = 4 };

const weft_limits *server_limits(const struct weft_server *s)
{
    return &s->config.limits;
}

const weft_env *server_env(const struct weft_server *s)
{
    return weft_loop_env(s->loop);
}

/* ---- counting -------------------------------------------------------------------------------- */

void server_websocket_opened(struct weft_server *s)
{
    tally_add(&s->tally->stats.websockets);
}

void server_websocket_gone(struct weft_server *s, uint16_t code)
{
    weft_server_stats *stats = &s->tally->stats;
    tally_take(&stats->websockets);
    if (code < sizeof stats->closed / sizeof *stats->closed) tally_add(&stats->closed[code]);
}

void server_count_in(struct weft_server *s)
{
    tally_add(&s->tally->stats.connections);
    atomic_fetch_add_explicit(&s->load, 1, memory_order_relaxed);
}

void server_count_out(struct weft_server *s, uint64_t peer_key)
{
    atomic_fetch_sub_explicit(&s->load, 1, memory_order_relaxed);
    tally_take(&s->tally->stats.connections);
    peers_remove(&s->tally->peers, peer_key);
}

void server_refused(struct weft_server *s, int status)
{
    tally_add(&s->tally->stats.refused[status]);
}

const weft_server_stats *weft_server_get_stats(const weft_server *s)
{
    return &s->tally->stats;
}

/* ---- birth and death ------------------------------------------------------------------------- */

static bool origins_are_valid(const char *const *origins)
{
    for (; origins && *origins; origins++) {
        bool word = strcmp(*origins, "*") == 0 || strcmp(*origins, "same") == 0;
        if (!word && !weft_origin_valid(*origins)) return false;
    }
    return true;
}

static uint64_t default_max_connections(unsigned threads)
{
    struct rlimit r;
    uint64_t spare = SPARE_DESCRIPTORS + (threads > 1 ? threads - 1 : 0) * LOOP_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return r.rlim_cur > 2 * spare ? r.rlim_cur - spare : spare;
}

static int init(weft_server *s, const weft_server_config *cfg)
{
    const weft_env *env = server_env(s);
    s->tally = mem_zalloc(env, sizeof *s->tally);
    if (!s->tally) return -ENOMEM;
    peers_init(&s->tally->peers);
    if (cfg) s->config = *cfg;
    unsigned threads = s->config.threads;
    s->max_connections = limit_max_connections(&s->config.limits);
    if (!s->max_connections) s->max_connections = default_max_connections(threads);
    s->all_loopback = true;
    int error = trust_init(&s->trust, env, s->config.trust_proxy);
    return error || threads < 2 ? error : crew_new(s, threads - 1);
}

void server_deinit(weft_server *s)
{
    const weft_env *env = server_env(s);
    routes_deinit(&s->routes, env);
    while (s->endpoints) {
        struct endpoint *e = s->endpoints;
        s->endpoints = e->next;
        mem_free(env, e);
    }
    leave_free(s);
}

static void destroy(weft_server *s)
{
    const weft_env *env = server_env(s);
    server_deinit(s);
    trust_deinit(&s->trust, env);
    tls_context_unref(s->tls);
    if (s->tally) peers_deinit(&s->tally->peers, env);
    mem_free(env, s->tally);
    mem_free(env, s);
}

int weft_server_new(weft_server **out, weft_loop *l, const weft_server_config *cfg)
{
    const weft_env *env = weft_loop_env(l);
    if (cfg && !origins_are_valid(cfg->origins)) return -EINVAL;
    if (cfg && cfg->threads > NET_LOOPS_MAX) return -EINVAL;
    struct net *n = net_of(l);
    weft_server *s = n ? mem_zalloc(env, sizeof *s) : NULL;
    if (!s) return -ENOMEM;
    s->loop = l;
    s->net = n;
    wire_kind_init(&s->wire_kind, l, s);
    list_init(&s->listeners);
    int error = init(s, cfg);
    if (error) destroy(s);
    else *out = s;
    return error;
}

/* Each drop may bring about others: the user is told of requests that are gone. */
void server_drop_wires(weft_server *s, int error, const char *cause)
{
    for (uint32_t i = 0; i < s->net->n_slots; i++) {
        struct wire *w = net_wire_at(s->net, i);
        if (w && wire_server(w) == s) wire_drop(w, error, cause);
    }
}

void weft_server_free(weft_server *s)
{
    if (!s) return;
    server_close_listeners(s);
    crew_free(s);
    server_drop_wires(s, 0, "the server was freed");
    s->freed = true;
    weft_loop *l = s->loop;
    if (!s->wires) destroy(s);
    loop_bury_now(l);
}

void server_wire_gone(struct weft_server *s, struct wire *w)
{
    s->wires--;
    if (w->turned_away) s->turned_away--;
    else server_count_out(s, w->peer_key);
    if (s->wires) return;
    if (!s->freed && s->leave) leave_done(s); /* the user may free s there */
    else if (s->freed && !s->helper) destroy(s);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

int weft_server_set_tls(weft_server *s, const weft_tls *tls, char *why, size_t size)
{
    struct words words = {why, size};
    struct tls_context *fresh;
    int error = tls_context_server(&fresh, server_env(s), tls, &words);
    if (error) return error;
    tls_context_unref(s->tls);
    s->tls = fresh;
    return 0;
}

int weft_server_start(weft_server *s)
{
    return s->crew ? crew_start(s->crew) : 0;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static struct endpoint *endpoint_new(weft_server *s, const weft_handler *h)
{
    struct endpoint *e = mem_alloc(server_env(s), sizeof *e);
    if (!e) return NULL;
    *e = (struct endpoint){.next = s->endpoints, .limits = s->config.limits};
    net_configure(s->net, &e->kind, &e->limits, h);
    return s->endpoints = e;
}

int server_copy_routes(struct weft_server *s, const struct weft_server *from)
{
    const weft_env *env = server_env(s);
    int error = route_copy(&s->routes.websockets, env, &from->routes.websockets);
    if (!error) error = route_copy(&s->routes.requests, env, &from->routes.requests);
    for (size_t i = 0; i < s->routes.websockets.n && !error; i++) {
        struct route *r = &s->routes.websockets.routes[i];
        struct endpoint *e = endpoint_new(s, r->handler);
        if (e) r->session = &e->kind.session;
        else error = -ENOMEM;
    }
    return error;
}

/* Once other threads may be looking at them, routes stay. */
static bool routes_are_final(const weft_server *s)
{
    return s->crew && !list_empty(&s->listeners);
}

int weft_server_route(weft_server *s, const char *path, const weft_handler *h, void *user)
{
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    struct endpoint *e = endpoint_new(s, h);
    if (!e) return -ENOMEM;
    struct route r = {.handler = h, .session = &e->kind.session, .user = user};
    return route_add(&s->routes.websockets, server_env(s), path, &r);
}

int weft_server_on_request(weft_server *s, const char *path,
                           void (*on_request)(weft_request *r, void *user), void *user)
{
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    struct route r = {.on_request = on_request, .user = user};
    return route_add(&s->routes.requests, server_env(s), path, &r);
}

int weft_server_files(weft_server *s, const char *path, const char *dir)
{
    struct files *f;
    size_t len = strlen(path);
    if (len < 2 || strcmp(path + len - 2, "/*") != 0) return -EINVAL;
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    int error = files_new(&f, s->loop, len - 1, dir);
    if (error) return error;
    struct route r = {.on_request = files_on_request, .user = f, .release = files_free};
    error = route_add(&s->routes.requests, server_env(s), path, &r);
    if (error) files_free(f);
    return error;
}
