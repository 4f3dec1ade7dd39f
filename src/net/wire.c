/* SPDX-License-Identifier: MIT
 *
 * net/wire.c - the pump's end of a connection: bytes up to the phase, output down to the batch
 *
 * Every way out of here is wire_finish or wire_drop; both are safe in any callback, and what they free
 * is freed when the turn ends.
 */
#include "net/wire.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "io/sock.h"
#include "net/conn.h"
#include "net/proxied.h"
#include "net/secure.h"
#include "net/server.h"

enum { LINGER_UNIT = 10 /* ms */ };

struct held {
    size_t len;
    uint8_t data[];
};

static struct wire *wire_of(struct stream *s)
{
    return container_of(s, struct wire, stream);
}

const weft_env *wire_env(const struct wire *w)
{
    return weft_loop_env(w->stream.loop);
}

struct net *wire_net(const struct wire *w)
{
    return net_of(w->stream.loop);
}

const weft_limits *wire_limits(const struct wire *w)
{
    if (w->server) return server_limits(w->server);
    if (w->phase == WIRE_WEBSOCKET) return conn_limits(w->conn);
    return w->phase == WIRE_DIAL && w->dial ? dial_limits(w->dial) : NULL;
}

int wire_peer(const struct wire *w, char *text, size_t size)
{
    struct sock_addr a;
    const struct proxied *p = wire_proxied(w);
    if (p && p->known) return sock_format(&p->client, text, size);
    int error = sock_peer(loop_sys(w->stream.loop), w->stream.io.fd, &a);
    return error ? error : sock_format(&a, text, size);
}

bool wire_is_secure(const struct wire *w)
{
    const struct proxied *p = wire_proxied(w);
    return wire_tls(w) || (p && p->secure);
}

/* The owner, while the wire was in that phase. */
static void tell_lost(struct wire *w, enum wire_phase phase, int error, const char *cause)
{
    switch (phase) {
    case WIRE_WEB: web_lost(w, error); break;
    case WIRE_DIAL: dial_lost(w, error, cause); break;
    case WIRE_WEBSOCKET: conn_lost(w->conn, error, cause); break;
    case WIRE_LINGER:
    case WIRE_DEAD: break;
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

/* Our last word is out: what the peer still sends is dropped, within bounds. Before that nothing is
 * read but what was at hand. */
static void linger_feed(struct wire *w, weft_span *in)
{
    uint32_t n = in->len < UINT32_MAX ? (uint32_t)in->len : UINT32_MAX;
    span_skip(in, in->len);
    if (w->finishing) return;
    if (n > w->discard_left) wire_drop(w, 0, "");
    else w->discard_left -= n;
}

static void feed_phase(struct wire *w, weft_span *in)
{
    switch ((enum wire_phase)w->phase) {
    case WIRE_WEB: web_feed(w, in); break;
    case WIRE_DIAL: dial_feed(w, in); break;
    case WIRE_WEBSOCKET: conn_feed(w->conn, in); break;
    case WIRE_LINGER: linger_feed(w, in); break;
    case WIRE_DEAD: span_skip(in, in->len); break;
    }
}

/* A phase that ends in the middle of the input leaves the rest to the next. */
static void feed(struct wire *w, weft_span *in)
{
    uint8_t phase;
    w->feeding = true;
    do {
        phase = w->phase;
        feed_phase(w, in);
    } while (w->phase != phase && w->phase != WIRE_DEAD);
    w->feeding = false;
}

static bool is_holding(const struct wire *w)
{
    return w->gear && w->gear->held;
}

static struct held *take_held(struct wire *w)
{
    struct held *held = w->gear ? w->gear->held : NULL;
    if (held) w->gear->held = NULL;
    return held;
}

static int hold(struct wire *w, weft_span in)
{
    if (!w->gear) w->gear = mem_zalloc(wire_env(w), sizeof *w->gear);
    if (!w->gear) return -ENOMEM;
    struct held *held = mem_alloc(wire_env(w), sizeof *held + in.len);
    if (!held) return -ENOMEM;
    held->len = in.len;
    copy(held->data, in.data, in.len);
    w->gear->held = held;
    stream_pause(&w->stream);
    return 0;
}

static void feed_or_hold(struct wire *w, weft_span in)
{
    feed(w, &in);
    if (w->phase == WIRE_DEAD || !in.len) return;
    if (hold(w, in) < 0) wire_drop(w, -ENOMEM, "out of memory");
}

static bool wants_input(const struct wire *w)
{
    if (w->phase == WIRE_WEBSOCKET) return !conn_is_paused(w->conn);
    return w->phase != WIRE_DEAD && (!w->finishing || secure_pending(w));
}

static void at_end(struct wire *w)
{
    switch ((enum wire_phase)w->phase) {
    case WIRE_WEB: web_eof(w); break;
    case WIRE_DIAL: dial_eof(w); break;
    case WIRE_WEBSOCKET: conn_eof(w->conn); break;
    case WIRE_LINGER:
        w->eof = true;
        if (!wire_buffered(w) || secure_pending(w)) wire_drop(w, 0, "");
        break;
    case WIRE_DEAD: break;
    }
}

/* ---- input with TLS -------------------------------------------------------------------------- */

static void log_broken(const struct wire *w)
{
    char peer[SOCK_TEXT] = "";
    if (!w->server || !wire_env(w) || !wire_env(w)->log) return;
    (void)wire_peer(w, peer, sizeof peer);
    log_line(wire_env(w), WEFT_LOG_INFO, "%s: %s", peer, tls_cause(w->gear->tls));
}

/* The owner is told; the wire stays until the alert that tells the peer is out. */
static void break_off(struct wire *w, int error)
{
    enum wire_phase phase = w->phase;
    log_broken(w);
    wire_finish(w, wire_limits(w));
    tell_lost(w, phase, error, tls_cause(w->gear->tls));
    outq_clear(&w->gear->out);
    secure_tell_plain(w);
    wire_dirty(w);
}

/* The handshake is done. */
static void secured(struct wire *w)
{
    wire_dirty(w);
    if (w->phase == WIRE_WEB) wire_deadline(w, limit_handshake_timeout(wire_limits(w)));
    else if (w->phase == WIRE_DIAL) dial_secured(w);
    else stream_pause(&w->stream);
}

/* The peer's close_notify: nothing that follows on the wire is of use. */
static void end_secure(struct wire *w)
{
    stream_pause(&w->stream);
    if (!w->gear->held && wants_input(w)) at_end(w);
}

static void on_secure_bytes(struct wire *w, weft_bytes in)
{
    weft_span plain;
    bool pending = secure_pending(w);
    int error = secure_read(w, in, &plain);
    if (pending && !secure_pending(w)) secured(w);
    if (plain.len) feed_or_hold(w, plain);
    if (!outq_empty(tls_out(w->gear->tls))) wire_dirty(w);
    if (w->phase == WIRE_DEAD) return;
    if (error) break_off(w, error);
    else if (secure_ended(w)) end_secure(w);
}

/* ---- the stream's callbacks ------------------------------------------------------------------ */

/* Nothing that comes now will be looked at, not even by the box. */
static bool only_drains(const struct wire *w)
{
    return w->phase == WIRE_LINGER && (!w->finishing || tls_broken(w->gear->tls));
}

static void take(struct wire *w, weft_span in)
{
    if (wire_tls(w) && !only_drains(w)) on_secure_bytes(w, (weft_bytes){in.data, in.len});
    else feed_or_hold(w, in);
}

/* What a proxy says comes before all else. What turns out not to be its header is too short to be
 * anything else that is complete, so none of it is held. */
static void take_proxied(struct wire *w, weft_span in)
{
    weft_span first;
    int result = proxied_feed(w->gear->proxied, &w->server->trust, &in, &first);
    if (result < 0) wire_drop(w, result, "a PROXY header that is none");
    if (result <= 0) return;
    if (first.len) take(w, first);
    proxied_end_header(w->gear->proxied, wire_env(w));
    if (in.len && w->phase != WIRE_DEAD) take(w, in);
}

static void on_bytes(struct stream *s, uint8_t *data, size_t len)
{
    struct wire *w = wire_of(s);
    const struct proxied *p = wire_proxied(w);
    if (p && p->header) take_proxied(w, (weft_span){data, len});
    else take(w, (weft_span){data, len});
}

/* The rest of a long message goes where it is to stay. */
static uint8_t *on_room(struct stream *s, size_t *room)
{
    struct wire *w = wire_of(s);
    if (w->phase != WIRE_WEBSOCKET || wire_tls(w) || is_holding(w)) return NULL;
    return session_room(&w->conn->session, room);
}

/* A WebSocket that has said all it had to say in HTTP travels light. */
static void unload(struct wire *w)
{
    struct gear *g = w->gear;
    if (w->phase != WIRE_WEBSOCKET || !g || !outq_empty(&g->out)) return;
    if (g->tls || g->proxied || g->held) return;
    mem_free(wire_env(w), g);
    w->gear = NULL;
}

static void on_again(struct stream *s)
{
    struct wire *w = wire_of(s);
    struct held *held = take_held(w);
    feed_or_hold(w, held ? (weft_span){held->data, held->len} : (weft_span){0});
    mem_free(wire_env(w), held);
    unload(w);
    if (is_holding(w) || !wants_input(w)) return;
    if (secure_ended(w)) at_end(w);
    else if (stream_paused(s)) stream_resume(s);
}

void wire_again(struct wire *w)
{
    if (!w->feeding) stream_again(&w->stream);
}

void wire_yield(struct wire *w)
{
    stream_again(&w->stream);
}

void wire_pause(struct wire *w)
{
    stream_pause(&w->stream);
}

void wire_resume(struct wire *w)
{
    if (is_holding(w) || secure_ended(w)) stream_again(&w->stream);
    else stream_resume(&w->stream);
}

static void on_eof(struct stream *s)
{
    at_end(wire_of(s));
}

static void on_error(struct stream *s, int err)
{
    wire_drop(wire_of(s), err, weft_strerror(err));
}

static void on_connected(struct stream *s)
{
    dial_connected(wire_of(s));
}

/* ---- output ---------------------------------------------------------------------------------- */

/* Nothing is left to write. */
static void written(struct wire *w)
{
    if (w->phase != WIRE_LINGER || !w->finishing) return;
    w->finishing = false;
    if (w->eof || stream_shutdown_write(&w->stream) < 0) {
        wire_drop(w, 0, "");
        return;
    }
    wire_deadline(w, w->linger * LINGER_UNIT);
    if (!is_holding(w)) stream_resume(&w->stream);
}

/* Nothing waits to be said, for now or for good. With TLS the last word is close_notify. */
static void said_all(struct wire *w)
{
    if (w->phase == WIRE_WEBSOCKET) conn_written(w->conn);
    if (w->phase == WIRE_LINGER && w->finishing && wire_tls(w)) tls_close(w->gear->tls);
}

/* Whether frames go out next; what was said before they were spoken goes first. */
static bool sends_frames(const struct wire *w)
{
    return w->phase == WIRE_WEBSOCKET && (!w->gear || outq_empty(&w->gear->out));
}

/* The plain bytes that go out next; NULL: there are none. */
static struct outq *plain_out(struct wire *w)
{
    if (sends_frames(w)) return session_output(&w->conn->session);
    return w->gear ? &w->gear->out : NULL;
}

/* n of them went. */
static void plain_sent(struct wire *w, size_t n)
{
    if (sends_frames(w)) weft_session_sent(&w->conn->session, n);
    else outq_sent(&w->gear->out, n);
}

/* Some of the plain bytes become records. */
static int encrypt(struct wire *w, struct outq *plain)
{
    size_t before = plain->bytes;
    int error = secure_write(w, plain);
    if (plain != &w->gear->out) session_left(&w->conn->session, before - plain->bytes);
    return error;
}

static bool has_output(const struct wire *w)
{
    if (wire_buffered(w)) return true;
    return w->phase == WIRE_WEBSOCKET && session_buffered(&w->conn->session);
}

static int pull(struct wire *w, struct iovec *iov, int max)
{
    struct outq *out = plain_out(w);
    int error = out && wire_tls(w) ? encrypt(w, out) : 0;
    if (error) return error;
    if (wire_tls(w)) out = tls_out(w->gear->tls);
    return out ? outq_iov(out, iov, max) : 0;
}

static int on_pull(struct stream *s, struct iovec *iov, int max)
{
    struct wire *w = wire_of(s);
    int n = pull(w, iov, max);
    if (n || has_output(w)) return n;
    said_all(w);
    if (wire_buffered(w)) return pull(w, iov, max); /* TLS has a last word */
    written(w);
    return 0;
}

/* A closing connection is pulled from once more when all is written: that is how it ends. */
static bool is_ending(const struct wire *w)
{
    return w->finishing || (w->phase == WIRE_WEBSOCKET && w->conn->session.closed);
}

static bool on_sent(struct stream *s, size_t n)
{
    struct wire *w = wire_of(s);
    if (wire_tls(w)) outq_sent(tls_out(w->gear->tls), n);
    else plain_sent(w, n);
    unload(w);
    if (w->phase == WIRE_WEBSOCKET) conn_drained(w->conn);
    else if (w->phase == WIRE_WEB) web_drained(w);
    return w->phase != WIRE_DEAD && (has_output(w) || is_ending(w));
}

static uint64_t linger_stall(const struct wire *w)
{
    return w->server ? limit_write_stall(wire_limits(w)) : w->write_stall;
}

static void on_full(struct stream *s)
{
    struct wire *w = wire_of(s);
    if (w->phase == WIRE_WEBSOCKET) keepalive_full(w->conn);
    else if (w->phase == WIRE_WEB) web_full(w);
    else if (w->phase == WIRE_LINGER) wire_deadline(w, linger_stall(w));
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static void on_time(struct timer *t)
{
    struct wire *w = container_of(t, struct wire, timer);
    if (secure_pending(w)) {
        wire_drop(w, WEFT_ERR_TIMEOUT, "the TLS handshake took too long");
        return;
    }
    switch ((enum wire_phase)w->phase) {
    case WIRE_WEB: web_late(w); break;
    case WIRE_WEBSOCKET: conn_late(w->conn); break;
    default: wire_drop(w, WEFT_ERR_TIMEOUT, "a deadline passed"); break;
    }
}

void wire_deadline(struct wire *w, uint64_t ms)
{
    if (ms == WEFT_NEVER) wire_no_deadline(w);
    else loop_timer_start(w->stream.loop, &w->timer, ms);
}

void wire_no_deadline(struct wire *w)
{
    loop_timer_stop(w->stream.loop, &w->timer);
}

/* ---- birth and death ------------------------------------------------------------------------- */

static const struct stream_handler handler = {
    .on_bytes = on_bytes,
    .on_room = on_room,
    .on_eof = on_eof,
    .on_error = on_error,
    .on_pull = on_pull,
    .on_sent = on_sent,
    .on_full = on_full,
    .on_again = on_again,
    .on_connected = on_connected,
};

static void gear_free(const weft_env *env, struct gear *g)
{
    if (!g) return;
    outq_clear(&g->out);
    tls_free(g->tls);
    proxied_free(g->proxied, env);
    mem_free(env, g->held);
    mem_free(env, g);
}

static struct wire *wire_new(struct net *n, enum wire_phase phase)
{
    const weft_env *env = weft_loop_env(n->loop);
    struct wire *w = mem_zalloc(env, sizeof *w);
    struct gear *g = w ? mem_zalloc(env, sizeof *g) : NULL;
    if (!g) {
        mem_free(env, w);
        return NULL;
    }
    w->gear = g;
    w->phase = (uint8_t)phase;
    timer_init(&w->timer, on_time);
    list_append(&n->wires, &w->link);
    return w;
}

/* The stream could not be made: nobody has seen the wire. */
static struct wire *discard(struct net *n, struct wire *w, int fd)
{
    close(fd);
    if (!w) return NULL;
    list_remove(&w->link);
    gear_free(weft_loop_env(n->loop), w->gear);
    mem_free(weft_loop_env(n->loop), w);
    return NULL;
}

struct wire *wire_accept(struct net *n, int fd, struct weft_server *server)
{
    struct wire *w = wire_new(n, WIRE_WEB);
    if (!w || stream_init(&w->stream, n->loop, fd, &handler) < 0) return discard(n, w, fd);
    w->server = server;
    return w;
}

struct wire *wire_connect(struct net *n, int fd, struct dial *dial)
{
    struct wire *w = wire_new(n, WIRE_DIAL);
    if (!w || stream_connect(&w->stream, n->loop, fd, &handler) < 0) return discard(n, w, fd);
    w->dial = dial;
    return w;
}

static uint64_t at_most(uint64_t n, uint64_t max)
{
    return n < max ? n : max;
}

void wire_finish(struct wire *w, const weft_limits *limits)
{
    if (w->phase >= WIRE_LINGER) return;
    w->phase = WIRE_LINGER;
    w->finishing = true;
    w->discard_left = (uint32_t)at_most(limit_discard_max(limits), UINT32_MAX);
    uint64_t linger = at_most(limit_close_timeout(limits), UINT32_MAX) + LINGER_UNIT - 1;
    w->linger = (uint16_t)at_most(linger / LINGER_UNIT, UINT16_MAX);
    if (!w->server) w->write_stall = limit_write_stall(limits);
    wire_deadline(w, limit_write_stall(limits));
    if (!secure_pending(w)) stream_pause(&w->stream); /* what is queued needs the handshake */
    wire_dirty(w);
    if (is_holding(w)) wire_again(w);
}

static void bury(struct dead *d)
{
    struct wire *w = container_of(d, struct wire, dead);
    const weft_env *env = wire_env(w);
    gear_free(env, w->gear);
    if (w->server) server_wire_gone(w->server, w);
    mem_free(env, w);
}

void wire_drop(struct wire *w, int error, const char *cause)
{
    enum wire_phase phase = w->phase;
    if (phase == WIRE_DEAD) return;
    w->phase = WIRE_DEAD;
    wire_no_deadline(w);
    stream_close(&w->stream);
    list_remove(&w->link);
    tell_lost(w, phase, error, cause);
    loop_bury(w->stream.loop, &w->dead, bury); /* behind what needs it */
}
