/* SPDX-License-Identifier: MIT
 *
 * net/wire/in.c - input: from the duplex, or unread, through TLS, to who sits on the lane
 *
 *      duplex --> [PROXY header] --> [TLS] --> feed --> the conversation
 *                                               |  ^
 *                                    the rest   v  |  wire_on_again
 *                                             unread
 *
 * What he leaves is copied aside, and reading rests until it is used: so at most what one receive
 * brought is unread, and it is plain.
 */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/wire/wire_tls.h"

struct unread {
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

static struct unread *take_unread(struct wire *w)
{
    struct unread *unread = w->extra ? w->extra->unread : NULL;
    if (unread) w->extra->unread = NULL;
    return unread;
}

static int hold(struct wire *w, weft_span in)
{
    if (!wire_need_extra(w)) return -ENOMEM;
    struct unread *unread = mem_alloc(wire_env(w), sizeof *unread + in.len);
    if (!unread) return -ENOMEM;
    unread->len = in.len;
    copy(unread->data, in.data, in.len);
    w->extra->unread = unread;
    duplex_pause(&w->lane.duplex);
    return 0;
}

static void feed_or_keep(struct wire *w, weft_span in)
{
    feed(w, &in);
    if (w->lane.gone || !in.len) return;
    if (hold(w, in) < 0) lane_drop(&w->lane, -ENOMEM, "out of memory");
}

static bool wants_input(const struct wire *w)
{
    if (w->lane.state == WIRE_OPEN) return !lane_paused(&w->lane);
    return w->lane.state == WIRE_LINGER && (!wire_is(w, WIRE_FINISHING) || wire_tls_pending(w));
}

static void at_end(struct wire *w)
{
    struct lane *l = &w->lane;
    l->eof = true;
    l->cut = wire_tls(w) && !wire_tls_ended(w);
    if (l->state == WIRE_OPEN) lane_talk(l)->eof(l);
    else if (!wire_buffered(w) || wire_tls_pending(w)) lane_drop(l, 0, "");
}

/* ---- through TLS ----------------------------------------------------------------------------- */

static void log_broken(const struct wire *w)
{
    char text[SOCK_TEXT] = "";
    struct sock_addr peer;
    if (!lane_site(&w->lane) || !wire_env(w) || !wire_env(w)->log) return;
    if (lane_peer(&w->lane, &peer) == 0) (void)sock_format(&peer, text, sizeof text);
    log_line(wire_env(w), WEFT_LOG_INFO, "%s: %s", text, tls_cause(w->extra->tls));
}

/* Who sits there is told; the wire stays until the alert that tells the peer is out. */
static void break_off(struct wire *w, int error)
{
    log_broken(w);
    wire_finish(w);
    lane_lost(&w->lane, error, tls_cause(w->extra->tls));
    outq_clear(&w->extra->out);
    wire_tls_tell_plain(w);
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
    if (l->state != WIRE_OPEN) duplex_pause(&l->duplex);
    else if (!known) lane_talk(l)->ready(l);
}

/* The peer's close_notify: nothing that follows on the wire is of use. */
static void end_secure(struct wire *w)
{
    duplex_pause(&w->lane.duplex);
    if (!w->extra->unread && wants_input(w)) at_end(w);
}

static void on_secure_bytes(struct wire *w, weft_bytes in)
{
    weft_span plain;
    bool pending = wire_tls_pending(w);
    int error = wire_tls_read(w, in, &plain);
    if (pending) lane_busy(&w->lane);
    if (pending && tls_ready(w->extra->tls)) secured(w);
    if (plain.len && !w->lane.gone) feed_or_keep(w, plain);
    if (w->lane.gone) return;
    wire_note_more(w);
    if (w->lane.more) lane_dirty(&w->lane);
    if (error) break_off(w, error);
    else if (wire_tls_ended(w)) end_secure(w);
}

/* ---- the duplex's callbacks ------------------------------------------------------------------ */

/* Nothing that comes now will be looked at, not even by TLS. */
static bool only_drains(const struct wire *w)
{
    if (w->lane.state != WIRE_LINGER) return false;
    return !wire_is(w, WIRE_FINISHING) || tls_broken(w->extra->tls);
}

static void take(struct wire *w, weft_span in)
{
    if (wire_tls(w) && !only_drains(w)) on_secure_bytes(w, (weft_bytes){in.data, in.len});
    else feed_or_keep(w, in);
}

/* Whom a header names is the peer from now on, and somebody we do not trust: what he says of himself in fields
 * does not count. false: no memory. */
static bool meet(struct wire *w, const struct sock_addr *client)
{
    w->lane.trusted = trust_has(&lane_site(&w->lane)->trust, client);
    return address_set(&w->address, wire_env(w), client, 0) == 0;
}

static void end_header(struct wire *w)
{
    mem_free(wire_env(w), w->extra->proxy_header);
    w->extra->proxy_header = NULL;
}

/* What a proxy says comes before all else. What turns out not to be its header is too short to be
 * anything else that is complete, so none of it is left unread. */
static void take_proxy_header(struct wire *w, weft_span in)
{
    struct proxy_header *p = wire_proxy_header(w);
    struct sock_addr client;
    int result = proxy_header_feed(p, &in, &client);
    if (result < 0) lane_drop(&w->lane, result, "a PROXY header that is none");
    else if (result == PROXY_NONE) take(w, (weft_span){p->bytes, p->len});
    else if (result == PROXY_ADDRESS && !meet(w, &client))
        lane_drop(&w->lane, -ENOMEM, "out of memory");
    else if (result == PROXY_ADDRESS && site_connects(lane_site(&w->lane), &client) < 0)
        lane_drop(&w->lane, WEFT_ERR_POLICY, "its address connects too often");
    if (result == PROXY_MORE || w->lane.gone) return;
    end_header(w);
    if (in.len) take(w, in);
}

void wire_on_bytes(struct duplex *d, uint8_t *data, size_t len)
{
    struct wire *w = wire_at(d);
    if (wire_proxy_header(w)) take_proxy_header(w, (weft_span){data, len});
    else take(w, (weft_span){data, len});
}

/* The rest of a long message goes where it is to stay. */
uint8_t *wire_on_room(struct duplex *d, size_t *room)
{
    struct wire *w = wire_at(d);
    if (!w->lane.in_place || wire_tls(w) || wire_has_unread(w)) return NULL;
    return lane_talk(&w->lane)->room(&w->lane, room);
}

void wire_on_again(struct duplex *d)
{
    struct wire *w = wire_at(d);
    struct unread *unread = take_unread(w);
    feed_or_keep(w, unread ? (weft_span){unread->data, unread->len} : (weft_span){0});
    mem_free(wire_env(w), unread);
    if (w->lane.gone) return;
    wire_unload(w);
    if (wire_has_unread(w) || !wants_input(w)) return;
    if (wire_tls_ended(w)) at_end(w);
    else if (duplex_paused(d)) duplex_resume(d);
}

/* Who paused in the middle of what was received hears of it behind the rest. */
void wire_on_eof(struct duplex *d)
{
    if (!wire_has_unread(wire_at(d))) at_end(wire_at(d));
}

void wire_resume(struct lane *l)
{
    const struct wire *w = wire_of(l);
    if (wire_has_unread(w) || wire_tls_ended(w)) duplex_again(&l->duplex);
    else duplex_resume(&l->duplex);
}
