/* SPDX-License-Identifier: MIT
 *
 * net/client/way.c - names, addresses, a proxy and TLS, one after the other
 */
#include "net/client/way.h"

#include <errno.h>

#include "base/limits.h"
#include "net/wire/carry.h"
#include "net/wire/tls.h"

static const weft_env *env_of(const struct way *w)
{
    return net_env(w->dialer->net);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void let_go_of_lane(struct way *w)
{
    struct lane *l = w->lane;
    w->lane = NULL;
    if (l) lane_drop(l, 0, "");
}

void way_stop(struct way *w)
{
    if (w->stage == WAY_NOWHERE) return;
    if (w->stage == WAY_PROXY) h1_client_deinit(&w->h1);
    w->stage = WAY_NOWHERE;
    lookup_cancel(&w->lookup);
    loop_timer_stop(w->dialer->net->loop, &w->timer);
    outq_clear(&w->out);
    let_go_of_lane(w);
}

static void fail(struct way *w, int error, const char *cause)
{
    way_stop(w);
    w->failed(w, &(struct way_end){.error = error, .cause = cause});
}

static void fail_plain(struct way *w, int error)
{
    fail(w, error, weft_strerror(error));
}

/* In words of the moment. */
static void fail_words(struct way *w, int error, const char *words)
{
    way_stop(w);
    w->failed(w, &(struct way_end){.error = error, .cause = words, .made = true});
}

/* The response is for whoever asked for the way. */
static void fail_refused(struct way *w)
{
    struct h1_client response = w->h1;
    w->stage = WAY_CONNECTING; /* h1 is no longer ours */
    way_stop(w);
    w->failed(w, &(struct way_end){.error = WEFT_ERR_PROXY,
                                   .cause = weft_strerror(WEFT_ERR_PROXY),
                                   .response = &response});
    h1_client_deinit(&response);
}

/* The lane is somebody else's from now on. */
static void arrive(struct way *w)
{
    struct lane *l = w->lane;
    w->lane = NULL;
    way_stop(w);
    w->arrived(w, l);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static uint64_t time_left(const struct way *w)
{
    uint64_t now = net_now(w->dialer->net);
    return w->deadline > now ? w->deadline - now : 0;
}

/* Each address that is left gets its share of the time that is left. */
static void start_attempt_timer(struct way *w)
{
    if (w->deadline == WEFT_NEVER) return;
    loop_timer_start(w->dialer->net->loop, &w->timer, time_left(w) / (w->n - w->next + 1));
}

static void try_next(struct way *w)
{
    const struct sys *sys = loop_sys(w->dialer->net->loop);
    while (w->next < w->n) {
        int fd = sock_connect(sys, &w->addresses[w->next++], NULL);
        if (fd >= 0) w->lane = carry_connect(&w->dialer->lane_class, fd, w->limits, LANE_WAY, w);
        w->error = fd < 0 ? fd : -ENOMEM;
        if (!w->lane) continue;
        start_attempt_timer(w);
        return;
    }
    fail_plain(w, w->error);
}

static void resolved(struct lookup *k, int error, const struct sock_addr *addresses, size_t n)
{
    struct way *w = container_of(k, struct way, lookup);
    if (error) {
        fail_plain(w, error);
        return;
    }
    memcpy(w->addresses, addresses, n * sizeof *addresses);
    w->n = n;
    w->next = 0;
    w->stage = WAY_CONNECTING;
    try_next(w);
}

static bool has_proxy(const struct way *w)
{
    return w->options->proxy_text != NULL;
}

static int start_lookup(struct way *w)
{
    const struct url *to = has_proxy(w) ? &w->options->proxy : &w->options->url;
    char host[256];
    if (to->host.len >= sizeof host) return WEFT_ERR_RESOLVE;
    memcpy(host, to->host.data, to->host.len);
    host[to->host.len] = 0;
    return lookup_start(&w->lookup, w->dialer->net->loop, host, to->port, resolved);
}

/* A Unix socket needs no resolver, but the answer comes from the loop all the same. */
static int start_unix(struct way *w)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    weft_bytes socket = w->options->url.socket;
    if (socket.len >= sizeof path) return WEFT_ERR_URL;
    memcpy(path, socket.data, socket.len);
    path[socket.len] = 0;
    int error = sock_unix(&w->addresses[0], path);
    w->n = 1;
    w->next = 0;
    w->stage = WAY_CONNECTING;
    if (!error) loop_timer_start(w->dialer->net->loop, &w->timer, 0);
    return error;
}

static int set_out(struct way *w)
{
    uint64_t timeout = limit_connect_timeout(w->limits);
    w->stage = WAY_RESOLVING;
    w->deadline = timeout == WEFT_NEVER ? timeout : net_now(w->dialer->net) + timeout;
    if (w->options->url.scheme == URL_WS_UNIX) return start_unix(w);
    if (timeout != WEFT_NEVER) loop_timer_start(w->dialer->net->loop, &w->timer, timeout);
    return start_lookup(w);
}

int way_start(struct way *w)
{
    int error = set_out(w);
    if (error) way_stop(w);
    return error;
}

/* ---- a proxy, and TLS ------------------------------------------------------------------------ */

static void start_timer(struct way *w, uint64_t timeout)
{
    weft_loop *l = w->dialer->net->loop;
    loop_timer_stop(l, &w->timer);
    if (timeout != WEFT_NEVER) loop_timer_start(l, &w->timer, timeout);
}

static void ask_proxy(struct way *w)
{
    w->stage = WAY_PROXY;
    h1_client_init(&w->h1, env_of(w), w->limits, true);
    int error = options_write_connect(w->options, &w->out);
    if (error) fail_plain(w, error);
    else lane_dirty(w->lane);
}

/* For who says nothing of it: the system's authorities. */
static int system_tls(struct way *w, weft_tls **out, char *why, size_t size)
{
    struct dialer *d = w->dialer;
    int error = d->tls ? 0 : weft_tls_new(&d->tls, env_of(w), NULL, why, size);
    *out = d->tls;
    return error;
}

/* From here on the lane has a TLS end, with our first words in it. */
static void begin_tls(struct way *w)
{
    char why[512];
    weft_tls *with = w->options->tls;
    const struct url *url = &w->options->url;
    w->stage = WAY_SECURING;
    start_timer(w, limit_tls_handshake_timeout(w->limits));
    int error = with ? 0 : system_tls(w, &with, why, sizeof why);
    if (error) {
        fail_words(w, error, why);
        return;
    }
    struct tls *tls = tls_connect(env_of(w), with, url->host, url->port, w->options->anonymous);
    if (!tls || carry_secure(w->lane, tls) < 0) fail_plain(w, -ENOMEM);
}

/* There is a way to the server itself. */
static void reached(struct way *w)
{
    if (w->options->url.secure) begin_tls(w);
    else arrive(w);
}

/* What a proxy lets us have before the server could know of us is not the server's. */
static void switched(struct way *w, bool more)
{
    if (more && w->options->url.secure) {
        fail(w, WEFT_ERR_PROXY, "the proxy sent something that is not the server's");
        return;
    }
    h1_client_deinit(&w->h1);
    w->stage = WAY_CONNECTING;
    reached(w);
}

static void take_response(struct way *w, int result, bool more)
{
    switch (result) {
    case H1C_SWITCHED: switched(w, more); break;
    case H1C_REFUSED: fail_refused(w); break;
    default: fail(w, result, w->h1.why); break;
    }
}

/* ---- told by the lane ------------------------------------------------------------------------ */

static struct way *way_at(const struct lane *l)
{
    return lane_talker(l, LANE_WAY);
}

static void ready(struct lane *l)
{
    struct way *w = way_at(l);
    if (w->stage == WAY_SECURING) {
        arrive(w);
        return;
    }
    start_timer(w, limit_handshake_timeout(w->limits));
    if (has_proxy(w)) ask_proxy(w);
    else reached(w);
}

static void feed(struct lane *l, weft_span *in)
{
    struct way *w = way_at(l);
    if (!in->len || w->stage != WAY_PROXY) return;
    int result = h1_client_feed(&w->h1, in);
    if (result != H1C_MORE) take_response(w, result, in->len > 0);
}

static void eof(struct lane *l)
{
    struct way *w = way_at(l);
    if (w->stage == WAY_SECURING)
        fail(w, WEFT_ERR_TLS, "TLS: the server ended the connection during the handshake");
    else if (w->stage == WAY_PROXY) take_response(w, h1_client_eof(&w->h1), false);
    else lane_drop(l, WEFT_ERR_LOST, weft_strerror(WEFT_ERR_LOST));
}

static struct outq *pull(struct lane *l)
{
    return &way_at(l)->out;
}

static bool sent(struct lane *l, size_t n)
{
    struct outq *out = &way_at(l)->out;
    outq_sent(out, n);
    return !outq_empty(out);
}

static void lost(struct lane *l, int error, const char *cause)
{
    struct way *w = way_at(l);
    if (!w->lane) return; /* we let go of it */
    w->lane = NULL;
    w->error = error;
    if (w->stage == WAY_CONNECTING) try_next(w);
    else fail(w, error, cause);
}

const struct talk way_talk = {
    .ready = ready,
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = lane_ignore,
    .full = lane_ignore,
    .late = lane_ignore,
    .leave = lane_stays,
    .lost = lost,
};

/* ---- time, and the beginning ----------------------------------------------------------------- */

static const char *const too_late[] = {
    [WAY_RESOLVING] = "the host name was not resolved in time",
    [WAY_CONNECTING] = "the server did not accept the connection in time",
    [WAY_PROXY] = "the proxy did not answer in time",
    [WAY_SECURING] = "the server did not complete the TLS handshake in time",
};

static void on_time(struct timer *t)
{
    struct way *w = container_of(t, struct way, timer);
    bool more = w->stage == WAY_CONNECTING && w->next < w->n && time_left(w);
    if (w->stage == WAY_CONNECTING && !w->lane) more = true; /* a Unix socket's turn */
    if (!more) {
        fail(w, WEFT_ERR_TIMEOUT, too_late[w->stage]);
        return;
    }
    let_go_of_lane(w);
    try_next(w);
}

void way_init(struct way *w, struct dialer *dialer, const struct options *options,
              const weft_limits *limits)
{
    w->dialer = dialer;
    w->options = options;
    w->limits = limits;
    timer_init(&w->timer, on_time);
}
