/* SPDX-License-Identifier: MIT
 *
 * net/server/server.c - a server's life, its routes, and what it counts
 *
 * Here the rooms meet: who may sit on a server's lanes stands in one table.
 */
#include "net/server/server.h"

#include <assert.h>
#include <errno.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/strings.h"
#include "net/base_path.h"
#include "net/hosts.h"
#include "net/server/age.h"
#include "net/server/crew.h"
#include "net/server/draining.h"
#include "net/web/exchange.h"
#include "net/web/files.h"
#include "net/web/methods.h"
#include "net/web/reply.h"
#include "net/web/waiting.h"
#include "net/ws/conn.h"
#include "net/ws/endpoint.h"
#include <weft/handshake.h>

enum { SPARE_DESCRIPTORS = 64, LOOP_DESCRIPTORS = 4, CONNECTING = 16384 /* addresses */ };

SIZED_TAKER(config_take, weft_server_config, base_path, 72, base_path)
SIZED_TAKER(request_handler_take, weft_request_handler, unrefused, 56, unrefused)

static const struct talk *const talks[LANE_TALKS] = {
    [LANE_FREE] = &lane_nobody,     [LANE_EXCHANGE] = &exchange_talk, [LANE_REPLY] = &reply_talk,
    [LANE_WAITING] = &waiting_talk, [LANE_WEBSOCKET] = &conn_talk,
};

/* ---- counting -------------------------------------------------------------------------------- */

void server_count_in(struct weft_server *s)
{
    tally_add(&s->site.tally->connections);
    atomic_fetch_add_explicit(&s->load, 1, memory_order_relaxed);
}

void server_count_out(struct weft_server *s, uint64_t counted_as)
{
    atomic_fetch_sub_explicit(&s->load, 1, memory_order_relaxed);
    tally_take(&s->site.tally->connections);
    address_counts_remove(&s->site.tally->address_counts, counted_as);
}

/* ---- birth and death ------------------------------------------------------------------------- */

static int check_origins(const weft_env *env, const char *const *origins)
{
    for (; origins && *origins; origins++) {
        bool word = strcmp(*origins, "*") == 0 || strcmp(*origins, "same") == 0;
        if (word || weft_origin_valid(*origins)) continue;
        return log_wrong(env,
                         "weft_server_config.origins: \"%.80s\" is no origin: say "
                         "\"https://example.org\", perhaps with a port, \"same\" or \"*\"",
                         *origins);
    }
    return 0;
}

static int check(const weft_env *env, const weft_server_config *cfg)
{
    int error = check_origins(env, cfg->origins);
    if (!error) error = hosts_check(env, cfg->hosts);
    if (!error && cfg->threads > NET_LOOPS_MAX)
        error = log_wrong(env, "weft_server_config.threads: %u are too many: at most %d",
                          cfg->threads, NET_LOOPS_MAX);
    return error;
}

static uint64_t default_max_connections(unsigned threads)
{
    struct rlimit r;
    uint64_t spare = SPARE_DESCRIPTORS + (threads > 1 ? threads - 1 : 0) * LOOP_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return r.rlim_cur > 2 * spare ? r.rlim_cur - spare : spare;
}

/* What cfg points to is copied, or made something of. */
static int init(weft_server *s, const weft_server_config *cfg)
{
    const weft_env *env = server_env(s);
    struct site *site = &s->site;
    site->tally = mem_zalloc(env, sizeof *site->tally);
    if (!site->tally) return -ENOMEM;
    address_counts_init(&site->tally->address_counts);
    if (cfg->limits) site->limits = *cfg->limits;
    site->all_loopback = true;
    s->max_connections = limit_max_connections(&site->limits);
    if (!s->max_connections) s->max_connections = default_max_connections(cfg->threads);
    int error = 0;
    if (limit_connect_rate(&site->limits))
        error = weft_buckets_new(&site->tally->connects, env, CONNECTING);
    if (!error) error = age_begin(&s->age, s->net, &s->site);
    if (!error) error = strings_copy(&site->origins, env, cfg->origins);
    if (!error) error = strings_copy(&site->hosts, env, cfg->hosts);
    if (!error) error = trust_init(&site->trust, env, cfg->trust_proxy);
    if (!error) error = base_path_new(&s->base_path, env, cfg->base_path);
    site->base_path = s->base_path;
    return error || cfg->threads < 2 ? error : crew_new(s, cfg->threads - 1);
}

void server_deinit(struct weft_server *s)
{
    const weft_env *env = server_env(s);
    routes_deinit(&s->site.routes, env);
    own_limits_forget(&s->site.own_limits, env);
    endpoints_free(&s->endpoints, env);
    draining_stop(s->draining);
    age_end(s->age);
    s->age = NULL;
    leave_free(s);
}

static void destroy(weft_server *s)
{
    const weft_env *env = server_env(s);
    struct site *site = &s->site;
    own_limits_free(&site->own_limits, env);
    server_deinit(s);
    trust_deinit(&site->trust, env);
    strings_free(env, site->origins);
    strings_free(env, site->hosts);
    mem_free(env, s->base_path);
    if (site->tally) {
        address_counts_deinit(&site->tally->address_counts, env);
        weft_buckets_free(site->tally->connects);
    }
    mem_free(env, site->tally);
    mem_free(env, s);
}

static void carrier_gone(struct site *site, uint64_t counted_as, bool away)
{
    weft_server *s = container_of(site, weft_server, site);
    s->carriers--;
    if (away) s->turned_away--;
    else server_count_out(s, counted_as);
    if (s->carriers) return;
    if (!s->freed && s->leave) leave_done(s); /* the user may free s there */
    else if (s->freed && !s->helper) destroy(s);
}

/* Somebody wants to know how many bytes there were. */
static void count_bytes(weft_server *s)
{
    s->websockets = conn_talk_counting();
    s->replies = reply_talk_counting();
    s->lane_class.talks[LANE_WEBSOCKET] = &s->websockets;
    s->lane_class.talks[LANE_REPLY] = &s->replies;
}

void server_init(struct weft_server *s, weft_loop *l, struct net *n)
{
    s->loop = l;
    s->net = n;
    s->site.env = weft_loop_env(l);
    s->site.carrier_gone = carrier_gone;
    carry_class_init(&s->lane_class, talks, n, &s->site);
    if (s->site.on_access) count_bytes(s);
    list_init(&s->listeners);
}

static int create(weft_server **out, weft_loop *l, const weft_server_config *cfg)
{
    struct net *n = net_of(l);
    weft_server *s = n ? mem_zalloc(weft_loop_env(l), sizeof *s) : NULL;
    if (!s) return -ENOMEM;
    s->site.on_access = cfg->on_access;
    s->site.access_user = cfg->access_user;
    s->site.on_traffic = cfg->on_traffic;
    server_init(s, l, n);
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
    *out = NULL;
    const weft_env *env = weft_loop_env(l);
    int error = config_take(env, &taken, cfg, cfg_size);
    if (!error) error = limits_take_at(env, &limits, &taken.limits, limits_size);
    if (!error) error = check(env, &taken);
    return error ? error : create(out, l, &taken);
}

void weft_server_free(weft_server *s)
{
    if (!s) return;
    net_assert_usable(s->loop);
    assert(!loop_in_turn(s->loop) ||
           s->has_left); /* not from a callback, but that of weft_server_shutdown */
    server_close_listeners(s);
    crew_free(s);
    draining_stop(s->draining);
    drain_free(s->drain);
    s->drain = NULL;
    lanes_drop(s->net, &s->site, WEFT_ERR_CLOSED, "the server was freed");
    s->freed = true;
    weft_loop *l = s->loop;
    if (!s->carriers) destroy(s);
    loop_bury_now(l);
}

/* ---- counts ---------------------------------------------------------------------------------- */

uint64_t weft_server_count(const weft_server *s, weft_count what)
{
    const struct tally *t = s->site.tally;
    switch (what) {
    case WEFT_COUNT_ACCEPTED: return tally_read(&t->accepted);
    case WEFT_COUNT_CONNECTIONS: return tally_read(&t->connections);
    case WEFT_COUNT_WEBSOCKETS: return tally_read(&t->websockets);
    case WEFT_COUNT_REQUESTS: return tally_read(&t->requests);
    case WEFT_COUNT_UNDELIVERED: return tally_read(&t->undelivered);
    }
    return 0;
}

uint64_t weft_server_count_refused(const weft_server *s, int status)
{
    const struct tally *t = s->site.tally;
    bool counted = status >= 0 && (size_t)status < sizeof t->refused / sizeof *t->refused;
    return counted ? tally_read(&t->refused[status]) : 0;
}

uint64_t weft_server_count_closed(const weft_server *s, uint16_t code)
{
    const struct tally *t = s->site.tally;
    return code < sizeof t->closed / sizeof *t->closed ? tally_read(&t->closed[code]) : 0;
}

uint64_t weft_server_count_close_sent(const weft_server *s, uint16_t sent_code)
{
    const struct tally *t = s->site.tally;
    if (sent_code >= sizeof t->close_sent / sizeof *t->close_sent) return 0;
    return tally_read(&t->close_sent[sent_code]);
}

int weft_server_start(weft_server *s)
{
    net_assert_usable(s->loop);
    return s->crew ? crew_start(s->crew) : 0;
}

/* ---- routes ---------------------------------------------------------------------------------- */

int server_copy_routes(struct weft_server *s, const struct weft_server *from)
{
    const weft_env *env = server_env(s);
    struct routes *routes = &s->site.routes;
    int error = route_copy(&routes->websockets, env, &from->site.routes.websockets);
    if (!error) error = route_copy(&routes->requests, env, &from->site.routes.requests);
    if (!error) error = own_limits_copy(&s->site.own_limits, env, &from->site.own_limits);
    for (size_t i = 0; i < routes->websockets.n && !error; i++) {
        struct opener *o = &routes->websockets.routes[i].opener;
        const weft_handler *h = o->handler;
        struct handler_given given = {h, sizeof *h, sizeof *h->limits, sizeof *h->deflate};
        error = endpoint_new(o, &s->endpoints, s->net, &s->site.limits, &given);
    }
    return error;
}

/* Once other threads may be looking at them, routes stay. */
static bool routes_are_final(const weft_server *s)
{
    return s->crew && !list_empty(&s->listeners);
}

int weft_server_route_sized(weft_server *s, const char *path, const weft_handler *h, size_t h_size,
                            size_t limits_size, size_t deflate_size, void *user)
{
    net_assert_usable(s->loop);
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    struct route r = {.user = user};
    struct handler_given given = {h, h_size, limits_size, deflate_size};
    int error = endpoint_new(&r.opener, &s->endpoints, s->net, &s->site.limits, &given);
    if (error) return error;
    return route_add(&s->site.routes.websockets, server_env(s), path, &r);
}

/* Limits of a route's own are the server's but for those that it sets. */
static int set_limits(weft_server *s, struct route *r, const weft_limits *own)
{
    weft_limits limits = s->site.limits;
    if (!own) return 0;
    limits_override(&limits, own);
    return own_limits_add(&s->site.own_limits, server_env(s), &limits, &r->limits);
}

int weft_server_on_request_sized(weft_server *s, const char *path, const weft_request_handler *h,
                                 size_t h_size, size_t limits_size, void *user)
{
    net_assert_usable(s->loop);
    weft_request_handler taken;
    weft_limits limits;
    const weft_env *env = server_env(s);
    int error = request_handler_take(env, &taken, h, h_size);
    if (!error) error = limits_take_at(env, &limits, &taken.limits, limits_size);
    if (!error && !taken.on_request)
        error = log_wrong(env, "weft_request_handler.on_request is NULL: nobody would answer");
    if (error) return error;
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    struct route r = {.on_request = taken.on_request,
                      .on_body = taken.on_body,
                      .on_refuse = taken.on_refuse,
                      .refuse = taken.on_refuse ? request_refuse : NULL,
                      .cors = taken.cors,
                      .user = user};
    error = methods_parse(&r.methods, env, "methods", taken.methods);
    if (!error) error = methods_parse(&r.unrefused, env, "unrefused", taken.unrefused);
    if (!error) error = set_limits(s, &r, taken.limits);
    if (!error) error = route_add(&s->site.routes.requests, env, path, &r);
    if (error) mem_free(env, r.methods);
    if (error) mem_free(env, r.unrefused);
    return error;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int open_files(weft_server *s, weft_files **out, size_t skip, const char *dir)
{
    uint16_t limits;
    weft_limits all = s->site.limits;
    if (routes_are_final(s)) return WEFT_ERR_STATE;
    const weft_limits ahead = {.send_queue_soft = FILES_AHEAD};
    if (limit_send_queue_soft(&all) > FILES_AHEAD) limits_override(&all, &ahead);
    int error = own_limits_add(&s->site.own_limits, server_env(s), &all, &limits);
    return error ? error : files_new(out, s->loop, skip, limits, dir);
}

int weft_files_open(weft_files **out, weft_server *s, const char *dir)
{
    net_assert_usable(s->loop);
    *out = NULL;
    return open_files(s, out, 0, dir);
}

int weft_server_files(weft_server *s, const char *path, const char *dir)
{
    net_assert_usable(s->loop);
    weft_files *f;
    size_t len = strlen(path);
    if (len < 2 || strcmp(path + len - 2, "/*") != 0)
        return log_wrong(server_env(s),
                         "weft_server_files: \"%.80s\" does not end in \"/*\": say \"/*\" or "
                         "\"/files/*\"",
                         path);
    int error = open_files(s, &f, len - 2, dir);
    if (error) return error;
    struct route r = {.on_request = files_on_request, .user = f, .release = files_free};
    error = route_add(&s->site.routes.requests, server_env(s), path, &r);
    if (error) files_free(f);
    return error;
}
