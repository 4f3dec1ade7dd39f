/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_in.c - input: from the stream, or held, through the TLS box, to the phase
 *
 *      stream --> [PROXY header] --> [box] --> feed --> web | dial | conn
 *                                               |  ^
 *                                    the rest   v  |  wire_on_again
 *                                              held
 *
 * What a phase leaves is copied aside, and reading rests until it is used: so at most what one receive
 * brought is held, and it is plain.
 */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "io/sock.h"
#include "net/server/server.h"
#include "net/web/proxied.h"
#include "net/wire/secure.h"
#include "net/wire/wire_parts.h"
#include "net/ws/conn.h"

struct held {
    size_t len;
    uint8_t data[];
};

/* ---- to the phase ---------------------------------------------------------------------------- */

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

/* ---- through the box ------------------------------------------------------------------------- */

static void log_broken(const struct wire *w)
{
    char peer[SOCK_TEXT] = "";
    if (!wire_server(w) || !wire_env(w) || !wire_env(w)->log) return;
    (void)wire_peer(w, peer, sizeof peer);
    log_line(wire_env(w), WEFT_LOG_INFO, "%s: %s", peer, tls_cause(w->gear->tls));
}

/* The owner is told; the wire stays until the alert that tells the peer is out. */
static void break_off(struct wire *w, int error)
{
    enum wire_phase phase = w->phase;
    log_broken(w);
    wire_finish(w, wire_limits(w));
    wire_tell_lost(w, phase, error, tls_cause(w->gear->tls));
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
    int result = proxied_feed(w->gear->proxied, &wire_server(w)->trust, &in, &first);
    if (result < 0) wire_drop(w, result, "a PROXY header that is none");
    if (result <= 0) return;
    if (first.len) take(w, first);
    proxied_end_header(w->gear->proxied, wire_env(w));
    if (in.len && w->phase != WIRE_DEAD) take(w, in);
}

void wire_on_bytes(struct stream *s, uint8_t *data, size_t len)
{
    struct wire *w = wire_of(s);
    const struct proxied *p = wire_proxied(w);
    if (p && p->header) take_proxied(w, (weft_span){data, len});
    else take(w, (weft_span){data, len});
}

/* The rest of a long message goes where it is to stay. */
uint8_t *wire_on_room(struct stream *s, size_t *room)
{
    struct wire *w = wire_of(s);
    if (w->phase != WIRE_WEBSOCKET || wire_tls(w) || wire_holds(w)) return NULL;
    return session_room(&w->conn->session, room);
}

void wire_on_again(struct stream *s)
{
    struct wire *w = wire_of(s);
    struct held *held = take_held(w);
    feed_or_hold(w, held ? (weft_span){held->data, held->len} : (weft_span){0});
    mem_free(wire_env(w), held);
    wire_unload(w);
    if (wire_holds(w) || !wants_input(w)) return;
    if (secure_ended(w)) at_end(w);
    else if (stream_paused(s)) stream_resume(s);
}

void wire_on_eof(struct stream *s)
{
    at_end(wire_of(s));
}

/* ---- stop and go on -------------------------------------------------------------------------- */

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
    if (wire_holds(w) || secure_ended(w)) stream_again(&w->stream);
    else stream_resume(&w->stream);
}
