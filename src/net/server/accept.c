/* SPDX-License-Identifier: MIT
 *
 * net/server/accept.c - listeners, and who is let in
 *
 *      listener -> on_accept -> room for one more? -> arrival -> a loop -> wire (WEB)
 *                                   no -> 503 or 429, LINGER; beyond a few of those: closed
 *
 * With several threads it is the first loop that accepts; each arrival goes to the loop that has the
 * fewest connections (crew.h).
 */
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "io/listener.h"
#include "net/server/crew.h"
#include "net/web/proxied.h"
#include "net/wire/tls_context.h"
#include "net/wire/wire.h"

enum { TURNED_AWAY_MAX = 32 };

struct server_listener {
    struct listener listener;
    struct list link;
    weft_server *server;
    bool unix_socket; /* never TLS */
};

static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Length: 45\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
                           "the server has as many connections as it may\n";
static const char too_many[] = "HTTP/1.1 429 Too Many Requests\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Length: 41\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
                               "your address has too many connections now";

/* The box for a connection from there; NULL in *out: plain. Errors: -ENOMEM. */
static int secure_for(const struct server_listener *from, struct tls **out)
{
    const weft_server *s = from->server;
    bool secure = s->tls && !from->unix_socket;
    *out = secure ? tls_accept(server_env(s), s->tls) : NULL;
    return secure && !*out ? -ENOMEM : 0;
}

/* NULL: no memory; fd and tls are gone. */
static struct wire *add_wire(weft_server *s, int fd, struct tls *tls)
{
    struct wire *w = wire_accept(s, fd);
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
    struct tls *tls;
    server_refused(s, status);
    if (s->turned_away >= TURNED_AWAY_MAX || secure_for(from, &tls) < 0) {
        close(fd);
        return;
    }
    struct wire *w = add_wire(s, fd, tls);
    if (!w) return;
    w->turned_away = true;
    s->turned_away++;
    (void)outq_append(&w->gear->out, server_env(s), text, strlen(text));
    wire_finish(w, server_limits(s));
}

int server_count_client(struct weft_server *s, struct wire *w)
{
    struct peers *peers = &s->tally->peers;
    uint64_t per_ip = limit_max_connections_per_ip(server_limits(s));
    if (!per_ip || !w->gear->proxied || !w->gear->proxied->known) return 0;
    uint64_t key = peers_key(&w->gear->proxied->client);
    if (key == w->peer_key) return 0;
    int error = peers_add(peers, server_env(s), key, per_ip);
    if (error) return error;
    peers_remove(peers, w->peer_key);
    w->peer_key = key;
    return 0;
}

void server_let_in(struct weft_server *s, const struct arrival *a)
{
    struct wire *w = add_wire(s, a->fd, a->tls);
    if (!w) {
        server_count_out(s, a->peer_key);
        return;
    }
    w->peer_key = a->peer_key;
    w->gear->proxied = a->trusted ? proxied_new(server_env(s)) : NULL;
    if (a->trusted && !w->gear->proxied) {
        wire_drop(w, -ENOMEM, "out of memory");
        return;
    }
    wire_deadline(w, w->gear->tls ? limit_tls_handshake_timeout(server_limits(s))
                                  : limit_handshake_timeout(server_limits(s)));
}

void server_turn_back(struct weft_server *s, const struct arrival *a)
{
    close(a->fd);
    tls_free(a->tls);
    server_count_out(s, a->peer_key);
}

/* There is room for it: to the loop that has the fewest. */
static void welcome(const struct server_listener *from, struct arrival *a)
{
    weft_server *s = crew_choose(from->server);
    tally_add(&s->tally->stats.accepted);
    server_count_in(s);
    if (secure_for(from, &a->tls) < 0) server_turn_back(s, a);
    else if (s == from->server) server_let_in(s, a);
    else crew_send(s, a);
}

static void on_accept(struct listener *ln, int fd, const struct sock_addr *peer)
{
    const struct server_listener *from = container_of(ln, struct server_listener, listener);
    weft_server *s = from->server;
    uint64_t connections = __atomic_load_n(&s->tally->stats.connections, __ATOMIC_RELAXED);
    uint64_t per_ip = limit_max_connections_per_ip(server_limits(s));
    bool trusted = trust_has(&s->trust, peer);
    uint64_t key = per_ip && !trusted ? peers_key(peer) : 0;
    struct arrival a = {.fd = fd, .peer_key = key, .trusted = trusted};
    if (connections >= s->max_connections) turn_away(from, fd, 503);
    else if (peers_add(&s->tally->peers, server_env(s), key, per_ip) < 0) turn_away(from, fd, 429);
    else welcome(from, &a);
}

/* ---- listening ------------------------------------------------------------------------------- */

int weft_server_listen(weft_server *s, const char *address)
{
    struct sock_addr a;
    const weft_limits *l = server_limits(s);
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

void server_close_listeners(weft_server *s)
{
    while (!list_empty(&s->listeners)) {
        struct server_listener *sl = container_of(s->listeners.next, struct server_listener, link);
        list_remove(&sl->link);
        listener_close(&sl->listener);
        mem_free(server_env(s), sl);
    }
}
