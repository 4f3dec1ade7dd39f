/* SPDX-License-Identifier: MIT
 *
 * net/server/server.c - a server's life, its routes, and what it counts
 */
#include "net/server/server.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strings.h"
#include "net/server/crew.h"
#include "net/web/files.h"
#include "net/wire/tls_context.h"
#include "net/wire/wire.h"
#include <weft/handshake.h>

enum { SPARE_DESCRIPTORS = 64, LOOP_DESCRIPTORS = 4 };

SIZED_TAKER(config_take, weft_server_config, trust_proxy, 32, trust_proxy)
SIZED_TAKER(tls_take, weft_tls, client_ca_file, 24, client_ca_file)

const weft_limits *server_limits(const struct weft_server *s)
{
    return s->config.limits;
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
    struct counts *stats = &s->tally->stats;
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

static uint64_t look(const uint64_t *n)
{
    return __atomic_load_n(n, __ATOMIC_RELAXED);
}

uint64_t weft_server_count(const weft_server *s, weft_count what)
{
    const struct counts *stats = &s->tally->stats;
    switch (what) {
    case WEFT_COUNT_ACCEPTED: return look(&stats->accepted);
    case WEFT_COUNT_CONNECTIONS: return look(&stats->connections);
    case WEFT_COUNT_WEBSOCKETS: return look(&stats->websockets);
    case WEFT_COUNT_REQUESTS: return look(&stats->requests);
    }
    return 0;
}

uint64_t weft_server_count_refused(const weft_server *s, int status)
{
    const struct counts *stats = &s->tally->stats;
    bool counted = status >= 0 && (size_t)status < sizeof stats->refused / sizeof *stats->refused;
    return counted ? look(&stats->refused[status]) : 0;
}

uint64_t weft_server_count_closed(const weft_server *s, uint16_t code)
{
    const struct counts *stats = &s->tally->stats;
    return code < sizeof stats->closed / sizeof *stats->closed ? look(&stats->closed[code]) : 0;
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

/* What cfg points to is copied, or made something of. */
static int init_config(weft_server *s, const weft_server_config *cfg)
{
    const weft_env *env = server_env(s);
    if (cfg->limits) s->limits = *cfg->limits;
    s->config = (weft_server_config){.limits = &s->limits, .threads = cfg->threads};
    int error = strings_copy(&s->config.origins, env, cfg->origins);
    return error ? error : trust_init(&s->trust, env, cfg->trust_proxy);
}

static int init(weft_server *s, const weft_server_config *cfg)
{
    s->tally = mem_zalloc(server_env(s), sizeof *s->tally);
    if (!s->tally) return -ENOMEM;
    peers_init(&s->tally->peers);
    int error = init_config(s, cfg);
    s->max_connections = limit_max_connections(&s->limits);
    if (!s->max_connections) s->max_connections = default_max_connections(cfg->threads);
    s->all_loopback = true;
    return error || cfg->threads < 2 ? error : crew_new(s, cfg->threads - 1);
}

void server_deinit(weft_server *s)
{
    const weft_env *env = server_env(s);
    routes_deinit(&s->routes, env);
    while (s->endpoints) {
        struct endpoint *e = s->endpoints;
        s->endpoints = e->next;
        kind_deinit(&e->kind);
        mem_free(env, e);
    }
    leave_free(s);
}

static void destroy(weft_server *s)
{
    const weft_env *env = server_env(s);
    server_deinit(s);
    trust_deinit(&s->trust, env);
    strings_free(env, s->config.origins);
    tls_context_unref(s->tls);
    if (s->tally) peers_deinit(&s->tally->peers, env);
    mem_free(env, s->tally);
    mem_free(env, s);
}

static int create(weft_server **out, weft_loop *l, const weft_server_config *cfg)
{
    struct net *n = net_of(l);
    weft_server *s = n ? mem_zalloc(weft_loop_env(l), sizeof *s) : NULL;
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

int weft_server_new_sized(weft_server **out, weft_loop *l, const weft_server_config *cfg,
                          size_t cfg_size, size_t limits_size)
{
    weft_server_config taken;
    weft_limits limits;
    int error = config_take(&taken, cfg, cfg_size);
    if (!error) error = limits_take_at(&limits, &taken.limits, limits_size);
    if (error) return error;
    if (!origins_are_valid(taken.origins) || taken.threads > NET_LOOPS_MAX) return -EINVAL;
    return create(out, l, &taken);
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

int weft_server_set_tls_sized(weft_server *s, const weft_tls *tls, size_t tls_size, char *why,
                              size_t size)
{
    weft_tls taken;
    struct words words = {why, size};
    struct tls_context *fresh;
    int error = tls_take(&taken, tls, tls_size);
    if (!error) error = tls_context_server(&fresh, server_env(s), &taken, &words);
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

/* It is the server's, and r leads to it. */
static int add_endpoint(weft_server *s, struct route *r, const weft_handler *h, size_t h_size,
                        size_t deflate_size)
{
    struct endpoint *e = mem_alloc(server_env(s), sizeof *e);
    if (!e) return -ENOMEM;
    int error = kind_init(&e->kind, s->net, server_limits(s), h, h_size, deflate_size);
    if (error) {
        mem_free(server_env(s), e);
        return error;
    }
    e->next = s->endpoints;
    s->endpoints = e;
    r->handler = &e->kind.handler;
    r->session = &e->kind.profile;
    return 0;
}

int server_copy_routes(struct weft_server *s, const struct weft_server *from)
{
    const weft_env *env = server_env(s);
    int error = route_copy(&s->routes.websockets, env, &from->routes.websockets);
    if (!error) error = route_copy(&s->routes.requests, env, &from->routes.requests);
    for (size_t i = 0; i < s->routes.websockets.n && !error; i++) {
        struct route *r = &s->routes.websockets.routes[i];
        const weft_handler *h = r->handler;
        error = add_endpoint(s, r, h, sizeof *h, sizeof *h->deflate);
    }
    return error;
}

/* Once other threads may be looking at them, routes stay. */
static bool routes_are_final(const weft_server *s)
{
    return s->crew && !list_empty(&s->listeners);
}

int weft_server_route_sized(weft_server *s, const char *path, const weft_handler *h, size_t h_size,
                            size_t deflate_size, void *user)
{
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    struct route r = {.user = user};
    int error = add_endpoint(s, &r, h, h_size, deflate_size);
    return error ? error : route_add(&s->routes.websockets, server_env(s), path, &r);
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
