/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire.c - the pump's end of a connection: its birth, its phases, its deadlines, its ends
 *
 * Bytes come and go in wire_in.c and wire_out.c.
 *
 * Every way out of here is wire_finish or wire_drop (wire_reset); they are safe in any callback, and what
 * they free is freed when the turn ends.
 */
#include <unistd.h>

#include "base/limits.h"
#include "io/sock.h"
#include "net/server/server.h"
#include "net/web/proxied.h"
#include "net/wire/secure.h"
#include "net/wire/wire_parts.h"
#include "net/ws/conn.h"

const weft_env *wire_env(const struct wire *w)
{
    return weft_loop_env(stream_loop(&w->stream));
}

struct net *wire_net(const struct wire *w)
{
    return net_of(stream_loop(&w->stream));
}

const weft_limits *wire_limits(const struct wire *w)
{
    if (wire_server(w)) return server_limits(wire_server(w));
    if (w->phase == WIRE_WEBSOCKET) return conn_limits(w->conn);
    return w->phase == WIRE_DIAL && w->dial ? dial_limits(w->dial) : NULL;
}

int wire_peer(const struct wire *w, char *text, size_t size)
{
    struct sock_addr a;
    const struct proxied *p = wire_proxied(w);
    if (p && p->known) return sock_format(&p->client, text, size);
    int error = sock_peer(loop_sys(stream_loop(&w->stream)), w->stream.io.fd, &a);
    return error ? error : sock_format(&a, text, size);
}

bool wire_is_secure(const struct wire *w)
{
    const struct proxied *p = wire_proxied(w);
    return wire_tls(w) || (p && p->secure);
}

/* ---- gear ------------------------------------------------------------------------------------ */

static void gear_free(const weft_env *env, struct gear *g)
{
    if (!g) return;
    outq_clear(&g->out);
    tls_free(g->tls);
    proxied_free(g->proxied, env);
    mem_free(env, g->held);
    mem_free(env, g);
}

void wire_shed(struct wire *w)
{
    struct gear *g = w->gear;
    if (w->phase != WIRE_WEBSOCKET || !outq_empty(&g->out)) return;
    if (g->tls || g->proxied || g->held) return;
    mem_free(wire_env(w), g);
    w->gear = NULL;
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
    else loop_timer_start(stream_loop(&w->stream), &w->timer, ms);
}

void wire_no_deadline(struct wire *w)
{
    loop_timer_stop(stream_loop(&w->stream), &w->timer);
}

/* ---- the end --------------------------------------------------------------------------------- */

void wire_tell_lost(struct wire *w, enum wire_phase phase, int error, const char *cause)
{
    switch (phase) {
    case WIRE_WEB: web_lost(w, error); break;
    case WIRE_DIAL: dial_lost(w, error, cause); break;
    case WIRE_WEBSOCKET: conn_lost(w->conn, error, cause); break;
    case WIRE_LINGER:
    case WIRE_DEAD: break;
    }
}

static uint64_t at_most(uint64_t n, uint64_t max)
{
    return n < max ? n : max;
}

static uint16_t in_units(uint64_t ms)
{
    return (uint16_t)((at_most(ms, LINGER_UNIT * UINT16_MAX) + LINGER_UNIT - 1) / LINGER_UNIT);
}

static struct farewell farewell_of(const weft_limits *l)
{
    return (struct farewell){
        .discard_max = (uint32_t)at_most(limit_discard_max(l), UINT32_MAX),
        .linger = in_units(limit_close_timeout(l)),
        .write_stall = in_units(limit_write_stall(l)),
    };
}

void wire_finish(struct wire *w, const weft_limits *limits)
{
    if (w->phase >= WIRE_LINGER) return;
    w->phase = WIRE_LINGER;
    w->finishing = true;
    if (!wire_server(w)) w->farewell = farewell_of(limits);
    wire_deadline(w, limit_write_stall(limits));
    if (!secure_pending(w)) stream_pause(&w->stream); /* what is queued needs the handshake */
    wire_dirty(w);
    if (wire_holds(w)) wire_again(w);
}

void wire_linger(struct wire *w)
{
    if (w->phase != WIRE_LINGER || !w->finishing) return;
    w->finishing = false;
    if (w->eof || stream_shutdown_write(&w->stream) < 0) {
        wire_drop(w, 0, "");
        return;
    }
    struct farewell f = wire_server(w) ? farewell_of(wire_limits(w)) : w->farewell;
    w->discard_left = f.discard_max;
    wire_deadline(w, f.linger * LINGER_UNIT);
    if (!wire_holds(w)) stream_resume(&w->stream);
}

static void bury(struct dead *d)
{
    struct wire *w = container_of(d, struct wire, dead);
    const weft_env *env = wire_env(w);
    gear_free(env, w->gear);
    net_slot_free(wire_net(w), w->slot);
    if (wire_server(w)) server_wire_gone(wire_server(w), w);
    mem_free(env, w);
}

void wire_drop(struct wire *w, int error, const char *cause)
{
    enum wire_phase phase = w->phase;
    if (phase == WIRE_DEAD) return;
    w->phase = WIRE_DEAD;
    wire_no_deadline(w);
    stream_close(&w->stream);
    wire_tell_lost(w, phase, error, cause);
    loop_bury(stream_loop(&w->stream), &w->dead, bury); /* behind what needs it */
}

void wire_reset(struct wire *w, int error, const char *cause)
{
    stream_will_reset(&w->stream);
    wire_drop(w, error, cause);
}

/* ---- birth ----------------------------------------------------------------------------------- */

static void on_error(struct stream *s, int err)
{
    wire_drop(wire_of(s), err, weft_strerror(err));
}

static void on_connected(struct stream *s)
{
    dial_connected(wire_of(s));
}

void wire_kind_init(struct wire_kind *k, weft_loop *l, struct weft_server *server)
{
    k->server = server;
    k->stream = (struct stream_handler){
        .loop = l,
        .on_bytes = wire_on_bytes,
        .on_room = wire_on_room,
        .on_eof = wire_on_eof,
        .on_error = on_error,
        .on_pull = wire_on_pull,
        .on_sent = wire_on_sent,
        .on_full = wire_on_full,
        .on_again = wire_on_again,
        .on_connected = on_connected,
    };
}

static struct wire *wire_new(struct net *n, enum wire_phase phase)
{
    const weft_env *env = weft_loop_env(n->loop);
    struct wire *w = mem_zalloc(env, sizeof *w);
    struct gear *g = w ? mem_zalloc(env, sizeof *g) : NULL;
    if (!g || net_add_wire(n, w, &w->slot) < 0) {
        mem_free(env, g);
        mem_free(env, w);
        return NULL;
    }
    w->gear = g;
    w->phase = (uint8_t)phase;
    timer_init(&w->timer, on_time);
    return w;
}

/* The stream could not be made: nobody has seen the wire. */
static struct wire *discard(struct net *n, struct wire *w, int fd)
{
    close(fd);
    if (!w) return NULL;
    net_slot_free(n, w->slot);
    gear_free(weft_loop_env(n->loop), w->gear);
    mem_free(weft_loop_env(n->loop), w);
    return NULL;
}

struct wire *wire_accept(struct weft_server *server, int fd)
{
    struct net *n = server->net;
    struct wire *w = wire_new(n, WIRE_WEB);
    bool there = w && stream_init(&w->stream, fd, &server->wire_kind.stream) == 0;
    return there ? w : discard(n, w, fd);
}

struct wire *wire_connect(struct net *n, int fd, struct dial *dial)
{
    struct wire *w = wire_new(n, WIRE_DIAL);
    if (!w || stream_connect(&w->stream, fd, &n->dialed.stream) < 0) return discard(n, w, fd);
    w->dial = dial;
    return w;
}
