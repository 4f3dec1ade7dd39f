/* SPDX-License-Identifier: MIT
 *
 * net/wire/in.c - input: from the stream, or held, through the TLS box, to who sits on the lane
 *
 *      stream --> [PROXY header] --> [box] --> feed --> the conversation
 *                                               |  ^
 *                                    the rest   v  |  wire_on_again
 *                                              held
 *
 * What he leaves is copied aside, and reading rests until it is used: so at most what one receive
 * brought is held, and it is plain.
 */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/wire/secure.h"

struct held {
    size_t len;
    uint8_t data[];
};

/* ---- to who sits there ----------------------------------------------------------------------- */

/* Our last word is out: what the peer still sends is dropped, within bounds. Before that nothing is
 * read but what was at hand. */
static void linger_feed(struct wire *w, weft_span *in)
{
    size_t n = in->len;
    span_skip(in, n);
    if (wire_is(w, WIRE_FINISHING)) return;
    if (n > w->lane.left) lane_drop(&w->lane, 0, "");
    else w->lane.left -= n;
}

static void feed(struct wire *w, weft_span *in)
{
    struct lane *l = &w->lane;
    if (l->state == WIRE_OPEN) lane_feed(l, in);
    if (l->state == WIRE_LINGER) linger_feed(w, in);
}

static struct held *take_held(struct wire *w)
{
    struct held *held = w->gear ? w->gear->held : NULL;
    if (held) w->gear->held = NULL;
    return held;
}

static int hold(struct wire *w, weft_span in)
{
    if (!wire_gear_up(w)) return -ENOMEM;
    struct held *held = mem_alloc(wire_env(w), sizeof *held + in.len);
    if (!held) return -ENOMEM;
    held->len = in.len;
    copy(held->data, in.data, in.len);
    w->gear->held = held;
    stream_pause(&w->lane.stream);
    return 0;
}

static void feed_or_hold(struct wire *w, weft_span in)
{
    feed(w, &in);
    if (w->lane.gone || !in.len) return;
    if (hold(w, in) < 0) lane_drop(&w->lane, -ENOMEM, "out of memory");
}

static bool wants_input(const struct wire *w)
{
    if (w->lane.state == WIRE_OPEN) return !lane_paused(&w->lane);
    return w->lane.state == WIRE_LINGER && (!wire_is(w, WIRE_FINISHING) || secure_pending(w));
}

static void at_end(struct wire *w)
{
    struct lane *l = &w->lane;
    l->eof = true;
    if (l->state == WIRE_OPEN) lane_talk(l)->eof(l);
    else if (!wire_buffered(w) || secure_pending(w)) lane_drop(l, 0, "");
}

/* ---- through the box ------------------------------------------------------------------------- */

static void log_broken(const struct wire *w)
{
    char text[SOCK_TEXT] = "";
    struct sock_addr peer;
    if (!lane_site(&w->lane) || !wire_env(w) || !wire_env(w)->log) return;
    if (lane_peer(&w->lane, &peer) == 0) (void)sock_format(&peer, text, sizeof text);
    log_line(wire_env(w), WEFT_LOG_INFO, "%s: %s", text, tls_cause(w->gear->tls));
}

/* Who sits there is told; the wire stays until the alert that tells the peer is out. */
static void break_off(struct wire *w, int error)
{
    log_broken(w);
    wire_finish(w);
    lane_lost(&w->lane, error, tls_cause(w->gear->tls));
    outq_clear(&w->gear->out);
    secure_tell_plain(w);
    wire_note_more(w);
    lane_dirty(&w->lane);
}

/* The handshake is done; or, and that is nobody's business, a later message of it that came in pieces is whole. */
static void secured(struct wire *w)
{
    struct lane *l = &w->lane;
    bool known = wire_is(w, WIRE_SECURED);
    l->bits = (l->bits | WIRE_SECURED) & WIRE_BITS;
    lane_dirty(l);
    if (l->state != WIRE_OPEN) stream_pause(&l->stream);
    else if (!known) lane_talk(l)->ready(l);
}

/* The peer's close_notify: nothing that follows on the wire is of use. */
static void end_secure(struct wire *w)
{
    stream_pause(&w->lane.stream);
    if (!w->gear->held && wants_input(w)) at_end(w);
}

static void on_secure_bytes(struct wire *w, weft_bytes in)
{
    weft_span plain;
    bool pending = secure_pending(w);
    int error = secure_read(w, in, &plain);
    if (pending && tls_ready(w->gear->tls)) secured(w);
    if (plain.len && !w->lane.gone) feed_or_hold(w, plain);
    if (w->lane.gone) return;
    wire_note_more(w);
    if (w->lane.more) lane_dirty(&w->lane);
    if (error) break_off(w, error);
    else if (secure_ended(w)) end_secure(w);
}

/* ---- the stream's callbacks ------------------------------------------------------------------ */

/* Nothing that comes now will be looked at, not even by the box. */
static bool only_drains(const struct wire *w)
{
    if (w->lane.state != WIRE_LINGER) return false;
    return !wire_is(w, WIRE_FINISHING) || tls_broken(w->gear->tls);
}

static void take(struct wire *w, weft_span in)
{
    if (wire_tls(w) && !only_drains(w)) on_secure_bytes(w, (weft_bytes){in.data, in.len});
    else feed_or_hold(w, in);
}

/* Whom a header names is somebody we do not trust: what he says of himself in fields does not count. */
static void end_header(struct wire *w)
{
    struct proxied *p = w->gear->proxied;
    proxied_end_header(p, wire_env(w));
    if (p->known) {
        w->lane.trusted = trust_has(&lane_site(&w->lane)->trust, &p->client);
    } else {
        proxied_free(p, wire_env(w));
        w->gear->proxied = NULL;
    }
}

/* What a proxy says comes before all else. What turns out not to be its header is too short to be
 * anything else that is complete, so none of it is held. */
static void take_proxied(struct wire *w, weft_span in)
{
    weft_span first;
    int result = proxied_feed(w->gear->proxied, &in, &first);
    if (result < 0) lane_drop(&w->lane, result, "a PROXY header that is none");
    if (result <= 0) return;
    if (first.len) take(w, first);
    if (w->lane.gone) return;
    end_header(w);
    if (in.len) take(w, in);
}

void wire_on_bytes(struct stream *s, uint8_t *data, size_t len)
{
    struct wire *w = wire_at(s);
    const struct proxied *p = wire_proxied(w);
    if (p && p->header) take_proxied(w, (weft_span){data, len});
    else take(w, (weft_span){data, len});
}

/* The rest of a long message goes where it is to stay. */
uint8_t *wire_on_room(struct stream *s, size_t *room)
{
    struct wire *w = wire_at(s);
    if (!w->lane.in_place || wire_tls(w) || wire_holds(w)) return NULL;
    return lane_talk(&w->lane)->room(&w->lane, room);
}

void wire_on_again(struct stream *s)
{
    struct wire *w = wire_at(s);
    struct held *held = take_held(w);
    feed_or_hold(w, held ? (weft_span){held->data, held->len} : (weft_span){0});
    mem_free(wire_env(w), held);
    if (w->lane.gone) return;
    wire_unload(w);
    if (wire_holds(w) || !wants_input(w)) return;
    if (secure_ended(w)) at_end(w);
    else if (stream_paused(s)) stream_resume(s);
}

void wire_on_eof(struct stream *s)
{
    at_end(wire_at(s));
}

void wire_resume(struct lane *l)
{
    const struct wire *w = wire_of(l);
    if (wire_holds(w) || secure_ended(w)) stream_again(&l->stream);
    else stream_resume(&l->stream);
}
