/* SPDX-License-Identifier: MIT
 *
 * net/server/accept.c - listeners, and who is let in
 *
 *      listener -> on_accept -> room for one more? -> arrival -> a loop -> a lane, an exchange's
 *                                   no -> 503 or 429; beyond a few of those: closed
 *
 * With several threads it is the first loop that accepts; each arrival goes to the loop that has the
 * fewest connections (crew.h).
 */
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/sized.h"
#include "http/canned.h"
#include "io/listener.h"
#include "net/server/crew.h"
#include "net/wire/tls.h"

enum { TURNED_AWAY_MAX = 32, RETRY_S = 5, MODE_MAX = 0777, SECOND_US = 1000000 };

SIZED_TAKER(options_take, weft_listen_options, tls, 16, tls)

struct server_listener {
    struct listener listener;
    struct list link;
    weft_server *server;
    weft_tls *tls; /* NULL: plain */
};

static const char *why_away(int status)
{
    return status == 503
               ? "the server has as many connections as it may"
               : "your address has too many connections now, or has made too many of late";
}

/* The TLS end for a connection from there; NULL in *out: plain. Errors: -ENOMEM. */
static int tls_for(const struct server_listener *from, struct tls **out)
{
    *out = from->tls ? tls_accept(server_env(from->server), from->tls) : NULL;
    return from->tls && !*out ? -ENOMEM : 0;
}

static void discard(const weft_server *s, struct arrival *a)
{
    close(a->fd);
    tls_free(a->tls);
    address_clear(&a->address, server_env(s));
}

/* Told why and closed, unless many wait for that already. */
static void turn_away(const struct server_listener *from, struct arrival *a, int status)
{
    weft_server *s = from->server;
    struct outq text = {0};
    site_refused(&s->site, status);
    if (s->turned_away >= TURNED_AWAY_MAX || tls_for(from, &a->tls) < 0) {
        discard(s, a);
        return;
    }
    s->carriers++;
    s->turned_away++;
    a->trusted = false; /* nobody will read what it says */
    (void)canned_answer(&text, server_env(s), status, RETRY_S, why_away(status));
    carry_away(&s->lane_class, a, &text);
}

void server_let_in(struct weft_server *s, struct arrival *a)
{
    s->carriers++;
    carry_accept(&s->lane_class, a, LANE_EXCHANGE);
}

void server_turn_back(struct weft_server *s, struct arrival *a)
{
    server_count_out(s, address_counted_as(&a->address));
    discard(s, a);
}

/* There is room for it: to the loop that has the fewest. */
static void welcome(const struct server_listener *from, struct arrival *a)
{
    weft_server *s = crew_choose(from->server);
    tally_add(&s->site.tally->accepted);
    server_count_in(s);
    if (tls_for(from, &a->tls) < 0) server_turn_back(s, a);
    else if (s == from->server) server_let_in(s, a);
    else crew_send(s, a);
}

/* A tenth of a second's worth at once; who comes later waits with the kernel. */
static void keep_pace(struct listener *ln, weft_server *s)
{
    uint64_t rate = limit_accept_rate(&s->site.limits), now = weft_loop_now(s->loop);
    if (!rate) return;
    if (s->accept_paid_us < now) s->accept_paid_us = now;
    s->accept_paid_us += (SECOND_US + rate - 1) / rate;
    uint64_t ahead = s->accept_paid_us - now;
    if (ahead > SECOND_US / 10) listener_rest(ln, (ahead - SECOND_US / 10 + 999) / 1000);
}

static int let_connect(weft_server *s, struct address *a, const struct sock_addr *peer)
{
    int error = site_connects(&s->site, peer);
    return error ? error : site_count_as(&s->site, a, peer);
}

static void on_accept(struct listener *ln, int fd, const struct sock_addr *peer)
{
    const struct server_listener *from = container_of(ln, struct server_listener, listener);
    weft_server *s = from->server;
    struct arrival a = {.fd = fd, .trusted = trust_has(&s->site.trust, peer)};
    keep_pace(ln, s);
    if (address_set(&a.address, server_env(s), peer, 0) < 0) discard(s, &a);
    else if (tally_read(&s->site.tally->connections) >= s->max_connections)
        turn_away(from, &a, 503);
    else if (!a.trusted && let_connect(s, &a.address, peer) < 0) turn_away(from, &a, 429);
    else welcome(from, &a);
}

/* ---- listening ------------------------------------------------------------------------------- */

static void listener_free(struct server_listener *sl)
{
    listener_close(&sl->listener);
    weft_tls_unref(sl->tls);
    mem_free(server_env(sl->server), sl);
}

/* It does not listen yet. NULL: no memory. */
static struct server_listener *listener_new(weft_server *s, weft_tls *tls)
{
    const weft_limits *l = &s->site.limits;
    struct server_listener *sl = mem_zalloc(server_env(s), sizeof *sl);
    if (!sl) return NULL;
    sl->server = s;
    sl->tls = tls ? weft_tls_ref(tls) : NULL;
    listener_init(&sl->listener, s->loop, (unsigned)limit_accept_batch(l), limit_accept_backoff(l),
                  on_accept);
    return sl;
}

/* a: where it listens. */
static void listener_joins(struct server_listener *sl, const struct sock_addr *a)
{
    weft_server *s = sl->server;
    const weft_limits *limits = &s->site.limits;
    sock_limit(loop_sys(s->loop), sl->listener.io.fd, limit_unsent_max(limits),
               limit_write_stall(limits));
    if (!sock_is_loopback(a)) s->site.all_loopback = false;
    list_append(&s->listeners, &sl->link);
}

static int take(const weft_env *env, weft_listen_options *to, const weft_listen_options *o,
                size_t size)
{
    int error = options_take(env, to, o, size);
    if (!error && to->mode > MODE_MAX)
        error =
            log_wrong(env, "weft_listen_options.mode: 0%o has more than permissions: at most 0%o",
                      to->mode, MODE_MAX);
    if (!error && to->tls && !tls_can_accept(to->tls))
        error = log_wrong(env, "weft_listen_options.tls has no certificate, which a server shows: "
                               "say weft_tls_config.certificates");
    return error;
}

static int parse(const weft_env *env, struct sock_addr *a, const char *address)
{
    int error = sock_parse(a, address);
    if (error)
        log_line(
            env, WEFT_LOG_ERROR,
            "weft_server_listen: \"%.80s\" is no address: say \"127.0.0.1:8080\", \"[::1]:8080\", "
            "\"*:8080\" or \"unix:/path\"",
            address);
    return error;
}

int weft_server_listen_sized(weft_server *s, const char *address, const weft_listen_options *o,
                             size_t o_size)
{
    net_assert_usable(s->loop);
    struct sock_addr a;
    weft_listen_options taken;
    int error = take(server_env(s), &taken, o, o_size);
    if (!error) error = parse(server_env(s), &a, address);
    if (error) return error;
    struct server_listener *sl = listener_new(s, taken.tls);
    error = sl ? listener_open(&sl->listener, &a, taken.mode) : -ENOMEM;
    if (!error) listener_joins(sl, &a);
    else if (sl) listener_free(sl);
    return error;
}

int weft_server_listen_fd_sized(weft_server *s, int fd, const weft_listen_options *o, size_t o_size)
{
    net_assert_usable(s->loop);
    struct sock_addr a;
    weft_listen_options taken;
    int error = take(server_env(s), &taken, o, o_size);
    if (!error) error = sock_local(loop_sys(s->loop), fd, &a);
    if (error) return error;
    struct server_listener *sl = listener_new(s, taken.tls);
    error = sl ? listener_adopt(&sl->listener, fd) : -ENOMEM;
    if (!error) listener_joins(sl, &a);
    else if (sl) listener_free(sl);
    if (error == -EINVAL)
        (void)log_wrong(server_env(s),
                        "weft_server_listen_fd: descriptor %d is no stream socket of "
                        "TCP or Unix that listens",
                        fd);
    return error;
}

int weft_server_address(const weft_server *s, size_t i, char *text, size_t size)
{
    net_assert_usable(s->loop);
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
        listener_free(sl);
    }
}

void weft_server_unlisten(weft_server *s)
{
    net_assert_usable(s->loop);
    server_close_listeners(s);
}
