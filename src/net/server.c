/* SPDX-License-Identifier: MIT
 *
 * net/server.c - listeners, routes, and who is let in
 *
 *      listener -> on_accept -> room for one more? -> wire (WEB)
 *                                   no -> 503 or 429, LINGER; beyond a few of those: closed
 */
#include "net/server.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "io/listener.h"
#include "net/files.h"
#include "net/proxied.h"
#include "net/tls_context.h"
#include "net/wire.h"
#include <weft/handshake.h>

enum { SPARE_DESCRIPTORS = 64, TURNED_AWAY_MAX = 32 };

struct server_listener {
    struct listener listener;
    struct list link;
    weft_server *server;
    bool unix_socket; /* never TLS */
};

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
    s->stats.websockets++;
}

void server_websocket_gone(struct weft_server *s, uint16_t code)
{
    s->stats.websockets--;
    if (code < sizeof s->stats.closed / sizeof *s->stats.closed) s->stats.closed[code]++;
}

void server_refused(struct weft_server *s, int status)
{
    s->stats.refused[status]++;
}

const weft_server_stats *weft_server_get_stats(const weft_server *s)
{
    return &s->stats;
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

static uint64_t default_max_connections(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return r.rlim_cur > 2 * SPARE_DESCRIPTORS ? r.rlim_cur - SPARE_DESCRIPTORS : SPARE_DESCRIPTORS;
}

int weft_server_new(weft_server **out, weft_loop *l, const weft_server_config *cfg)
{
    const weft_env *env = weft_loop_env(l);
    if (cfg && !origins_are_valid(cfg->origins)) return -EINVAL;
    struct net *n = net_of(l);
    weft_server *s = n ? mem_zalloc(env, sizeof *s) : NULL;
    if (!s) return -ENOMEM;
    s->loop = l;
    s->net = n;
    int error = trust_init(&s->trust, env, cfg ? cfg->trust_proxy : NULL);
    if (error) {
        trust_deinit(&s->trust, env);
        mem_free(env, s);
        return error;
    }
    if (cfg) s->config = *cfg;
    s->max_connections = limit_max_connections(&s->config.limits);
    if (!s->max_connections) s->max_connections = default_max_connections();
    s->all_loopback = true;
    list_init(&s->listeners);
    *out = s;
    return 0;
}

static void destroy(weft_server *s)
{
    const weft_env *env = server_env(s);
    routes_deinit(&s->routes, env);
    while (s->endpoints) {
        struct endpoint *e = s->endpoints;
        s->endpoints = e->next;
        mem_free(env, e);
    }
    peers_deinit(&s->peers, env);
    trust_deinit(&s->trust, env);
    leave_free(s);
    tls_context_unref(s->tls);
    mem_free(env, s);
}

void server_close_listeners(weft_server *s)
{
    while (!list_empty(&s->listeners)) {
        struct server_listener *sl = container_of(s->listeners.next, struct server_listener, link);
        list_remove(&sl->link);
        listener_close(&sl->listener);
        mem_free(server_env(s), sl);
    }
}

static struct wire *first_wire(const weft_server *s)
{
    for (struct list *at = s->net->wires.next; at != &s->net->wires; at = at->next) {
        struct wire *w = container_of(at, struct wire, link);
        if (w->server == s) return w;
    }
    return NULL;
}

/* Each drop may bring about others: the user is told of requests that are gone. */
void server_drop_wires(weft_server *s, int error, const char *cause)
{
    for (struct wire *w; (w = first_wire(s));) wire_drop(w, error, cause);
}

void weft_server_free(weft_server *s)
{
    if (!s) return;
    server_close_listeners(s);
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
    else s->stats.connections--;
    peers_remove(&s->peers, w->peer_key);
    if (s->wires) return;
    if (s->freed) destroy(s);
    else if (s->leave) leave_done(s); /* the user may free s there */
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

/* ---- accepting ------------------------------------------------------------------------------- */

static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Length: 45\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
                           "the server has as many connections as it may\n";
static const char too_many[] = "HTTP/1.1 429 Too Many Requests\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 41\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
                               "your address has too many connections now";

static struct wire *add_wire(const struct server_listener *from, int fd)
{
    weft_server *s = from->server;
    bool secure = s->tls && !from->unix_socket;
    struct tls *tls = secure ? tls_accept(server_env(s), s->tls) : NULL;
    if (secure && !tls) {
        close(fd);
        return NULL;
    }
    struct wire *w = wire_accept(s->net, fd, s);
    if (w) s->wires++;
    if (w) w->gear->tls = tls;
    else tls_free(tls);
    return w;
}

/* Told why and closed, unless many wait for that already. */
static void turn_away(const struct server_listener *from, int fd, int status)
{
    weft_server *s = from->server;
    const char *text = status == 503 ? busy : too_many;
    server_refused(s, status);
    if (s->turned_away >= TURNED_AWAY_MAX) {
        close(fd);
        return;
    }
    struct wire *w = add_wire(from, fd);
    if (!w) return;
    w->turned_away = true;
    s->turned_away++;
    (void)outq_append(&w->gear->out, server_env(s), text, strlen(text));
    wire_finish(w, &s->config.limits);
}

int server_count_client(struct weft_server *s, struct wire *w)
{
    uint64_t per_ip = limit_max_connections_per_ip(&s->config.limits);
    if (!per_ip || !w->gear->proxied || !w->gear->proxied->known) return 0;
    uint64_t key = peers_key(&w->gear->proxied->client);
    if (key == w->peer_key) return 0;
    int error = peers_add(&s->peers, server_env(s), key, per_ip);
    if (error) return error;
    peers_remove(&s->peers, w->peer_key);
    w->peer_key = key;
    return 0;
}

static void let_in(const struct server_listener *from, int fd, uint64_t key, bool trusted)
{
    weft_server *s = from->server;
    struct wire *w = add_wire(from, fd);
    if (!w) {
        peers_remove(&s->peers, key);
        return;
    }
    w->peer_key = key;
    s->stats.accepted++;
    s->stats.connections++;
    w->gear->proxied = trusted ? proxied_new(server_env(s)) : NULL;
    if (trusted && !w->gear->proxied) {
        wire_drop(w, -ENOMEM, "out of memory");
        return;
    }
    wire_deadline(w, w->gear->tls ? limit_tls_handshake_timeout(&s->config.limits)
                                  : limit_handshake_timeout(&s->config.limits));
}

static void on_accept(struct listener *ln, int fd, const struct sock_addr *peer)
{
    const struct server_listener *from = container_of(ln, struct server_listener, listener);
    weft_server *s = from->server;
    uint64_t per_ip = limit_max_connections_per_ip(&s->config.limits);
    bool trusted = trust_has(&s->trust, peer);
    uint64_t key = per_ip && !trusted ? peers_key(peer) : 0;
    if (s->stats.connections >= s->max_connections) turn_away(from, fd, 503);
    else if (peers_add(&s->peers, server_env(s), key, per_ip) < 0) turn_away(from, fd, 429);
    else let_in(from, fd, key, trusted);
}

int weft_server_listen(weft_server *s, const char *address)
{
    struct sock_addr a;
    const weft_limits *l = &s->config.limits;
    int error = sock_parse(&a, address);
    if (error) return error;
    struct server_listener *sl = mem_zalloc(server_env(s), sizeof *sl);
    if (!sl) return -ENOMEM;
    sl->server = s;
    sl->unix_socket = a.sa.sa_family == AF_UNIX;
    error = listener_init(&sl->listener, s->loop, &a, (unsigned)limit_accept_batch(l),
                          limit_accept_backoff(l), on_accept);
    if (error) {
        mem_free(server_env(s), sl);
        return error;
    }
    if (!sock_is_loopback(&a)) s->all_loopback = false;
    list_append(&s->listeners, &sl->link);
    return 0;
}

int weft_server_address(const weft_server *s, size_t i, char *text, size_t size)
{
    const struct list *at = s->listeners.next;
    while (at != &s->listeners && i--) at = at->next;
    if (at == &s->listeners) return -ENOENT;
    struct sock_addr a;
    int error = listener_address(&container_of(at, struct server_listener, link)->listener, &a);
    return error ? error : sock_format(&a, text, size);
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

int weft_server_route(weft_server *s, const char *path, const weft_handler *h, void *user)
{
    struct endpoint *e = endpoint_new(s, h);
    if (!e) return -ENOMEM;
    struct route r = {.handler = h, .session = &e->kind.session, .user = user};
    return route_add(&s->routes.websockets, server_env(s), path, &r);
}

int weft_server_on_request(weft_server *s, const char *path,
                           void (*on_request)(weft_request *r, void *user), void *user)
{
    struct route r = {.on_request = on_request, .user = user};
    return route_add(&s->routes.requests, server_env(s), path, &r);
}

int weft_server_files(weft_server *s, const char *path, const char *dir)
{
    struct files *f;
    size_t len = strlen(path);
    if (len < 2 || strcmp(path + len - 2, "/*") != 0) return -EINVAL;
    int error = files_new(&f, s->loop, len - 1, dir);
    if (error) return error;
    struct route r = {.on_request = files_on_request, .user = f, .release = files_free};
    error = route_add(&s->routes.requests, server_env(s), path, &r);
    if (error) files_free(f);
    return error;
}
