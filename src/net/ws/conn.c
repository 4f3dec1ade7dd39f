/* SPDX-License-Identifier: MIT
 *
 * net/ws/conn.c - a WebSocket on a lane: events up to the handler, frames down to the carrier
 *
 *      lane bytes -> feed -> weft_session_read -> event -> handler
 *      weft_send  -> session queue -> (end of the turn) pull
 *
 * The end. Both sides have said Close and ours is written: a server finishes, a client waits for that.
 * After a violation ours is written. Either way the lane ends so that the peer can read it. Whatever
 * happens, a deadline stands behind it (keepalive.c). The lane is buried behind the connection that sat there.
 */
#include "net/ws/conn.h"

#include <assert.h>
#include <errno.h>

#include "base/limits.h"
#include "base/rare.h"
#include "net/access.h"
#include "net/links.h"

enum {
    TOLD_MAX = 65536, /* bytes of messages of one connection in one turn */
    FRAMES_MUCH = 64, /* who brought more than these in a turn lets others go first in the next */
    BYTES_MUCH = 4096,
};

/* ---- birth and death ------------------------------------------------------------------------- */

weft_conn *conn_new(weft_role role, const struct conn_class *k, void *user)
{
    const weft_env *env = net_env(k->net);
    weft_conn *c = mem_zalloc(env, sizeof *c);
    if (!c) return NULL;
    session_init(&c->session, role, &k->profile);
    c->user = user;
    if (role == WEFT_CLIENT && slots_add(&k->net->slots, env, SLOT_CLIENT, c, &c->slot) < 0) {
        mem_free(env, c);
        return NULL;
    }
    return c;
}

/* A server's user has accepted, so on_open comes whatever has become of the connection. */
static RARE void tell_open(weft_conn *c)
{
    c->told_open = true;
    if (conn_handler(c)->on_open) conn_handler(c)->on_open(c);
}

static weft_bytes reason_of(const weft_conn *c)
{
    return c->reason ? (weft_bytes){c->reason->text, c->reason->len} : (weft_bytes){0};
}

static uint16_t code_of(const weft_conn *c)
{
    return c->code ? c->code : WEFT_CLOSE_ABNORMAL;
}

static void tell_close(weft_conn *c)
{
    weft_close_info info = {
        .code = code_of(c),
        .sent_code = c->session.said,
        .reason = reason_of(c),
        .by_peer = c->by_peer,
        .clean = c->clean,
        .error = c->session.error,
        .cause = c->session.cause,
        .refusal = c->session.role == WEFT_CLIENT ? c->owner->refusal(c->owner) : NULL,
    };
    if (conn_handler(c)->on_close) conn_handler(c)->on_close(c, &info);
}

/* For who wants to know of a server's; told with the links, behind on_close. */
static void write_down(weft_conn *c)
{
    struct access *a = access_in(c->links);
    if (!a) return;
    a->seen.code = code_of(c);
    a->seen.sent_code = c->session.said;
    a->seen.cause = c->session.cause;
    access_finish(a, weft_conn_peer(c));
}

/* A server's id is stale when on_close has returned; a client's slot goes with it. */
static void give_up_id(weft_conn *c)
{
    struct slots *slots = &conn_net(c)->slots;
    if (c->session.role == WEFT_CLIENT) slots_remove(slots, c->slot);
    else if (c->state == CONN_ENDED) slots_renew(slots, c->slot);
}

void conn_discard(weft_conn *c)
{
    const weft_env *env = net_env(conn_net(c));
    struct owner *owner = c->session.role == WEFT_CLIENT ? c->owner : NULL;
    links_tell_gone(&c->links);
    session_deinit(&c->session);
    mem_free(env, c->reason);
    give_up_id(c);
    mem_free(env, c);
    if (owner) owner->free(owner);
}

static void bury(struct dead *d)
{
    weft_conn *c = container_of(d, weft_conn, dead);
    if (!c->told_open && c->session.role == WEFT_SERVER) tell_open(c);
    tell_close(c);
    write_down(c);
    conn_discard(c);
}

/* Whether our Close is out. */
static bool has_said_close(const weft_conn *c)
{
    return c->session.closed && !c->session.owed && !conn_buffered(c);
}

void conn_end(weft_conn *c, int error, const char *cause)
{
    if (c->state == CONN_ENDED) return;
    if (!has_said_close(c)) c->session.said = 0;
    if (!c->session.error) {
        c->session.error = error;
        c->session.cause = cause;
    }
    if (c->lane && lane_site(c->lane))
        site_websocket_gone(lane_site(c->lane), code_of(c), c->session.said);
    c->state = CONN_ENDED;
    loop_bury(conn_net(c)->loop, &c->dead, bury);
}

/* ---- the end --------------------------------------------------------------------------------- */

void conn_begin_closing(weft_conn *c)
{
    keepalive_closing(c);
    lane_dirty(c->lane);
}

static void finish(weft_conn *c, int error, const char *cause)
{
    struct lane *l = c->lane;
    conn_end(c, error, cause);
    lane_finish(l, NULL);
}

static weft_conn *conn_at(const struct lane *l)
{
    return lane_talker(l, LANE_WEBSOCKET);
}

/* Whether the connection went because of something that the peer did. */
static bool is_peers(int error)
{
    return error != WEFT_ERR_CLOSED && error != WEFT_ERR_TIMEOUT && error != -ENOMEM;
}

/* A peer that says Close and goes has given its reason: what is wrong is that we had something to say. */
static const char *cause_of(const weft_conn *c, int error, const char *cause)
{
    static const char left_early[] =
        "the peer said Close, and left before it had taken all that was queued";
    return c->code && is_peers(error) ? left_early : cause;
}

static void lost(struct lane *l, int error, const char *cause)
{
    weft_conn *c = conn_at(l);
    bool said = has_said_close(c);
    if (!c->code && !said) c->by_peer = is_peers(error);
    c->clean = c->code && said;
    conn_end(c, c->clean ? 0 : error, c->clean ? "" : cause_of(c, error, cause));
}

/* Both sides have said Close, or ours is on its way. */
static bool handshake_done(const weft_conn *c)
{
    return c->session.closed && c->session.state == RECV_CLOSED;
}

/* A peer that has said Close, and ended its direction, may still read what we have queued. */
static bool is_read_to_the_end(const weft_conn *c)
{
    return handshake_done(c) && c->session.role == WEFT_SERVER && conn_buffered(c);
}

/* What a paused connection has of a compressed message comes first: it is told again when that is resumed. */
static void eof(struct lane *l)
{
    const weft_conn *c = conn_at(l);
    if (is_read_to_the_end(c) || (c->paused && session_inflating(&c->session))) return;
    lane_drop(l, WEFT_ERR_LOST, "the connection ended without a Close frame");
}

/* Nothing is left to write, and nothing more will be: our last word is out. What a peer still sends is
 * read while the lane ends, so that no reset takes that word from it. */
static void written(struct lane *l)
{
    weft_conn *c = conn_at(l);
    if (!c->session.closed || session_buffered(&c->session)) return;
    if (c->session.state == RECV_FAILED) {
        finish(c, c->session.error, c->session.cause);
    } else if (handshake_done(c) && c->session.role == WEFT_SERVER) {
        c->clean = true;
        finish(c, 0, "");
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

static void got_message(weft_conn *c, const weft_event *ev)
{
    if (conn_handler(c)->on_message) conn_handler(c)->on_message(c, ev->opcode, ev->data, ev->len);
}

static void got_chunk(weft_conn *c, const weft_event *ev)
{
    weft_chunk chunk = {ev->opcode, ev->first, ev->final, ev->data, ev->len};
    conn_handler(c)->on_chunk(c, &chunk);
}

static void got_ping(weft_conn *c, const weft_event *ev)
{
    lane_dirty(c->lane);
    if (conn_handler(c)->on_ping) conn_handler(c)->on_ping(c, ev->data, ev->len);
}

/* Microseconds, cut to 32 bits: differences survive the wrap. 0 is no time. */
uint32_t conn_stopwatch(const weft_conn *c)
{
    uint32_t now = (uint32_t)weft_loop_now(conn_net(c)->loop);
    return now ? now : 1;
}

static void got_pong(weft_conn *c, const weft_event *ev)
{
    uint32_t rtt = c->ping_sent ? conn_stopwatch(c) - c->ping_sent : 0;
    if (c->ping_sent && !rtt) rtt = 1;
    c->ping_sent = 0;
    if (conn_handler(c)->on_pong) conn_handler(c)->on_pong(c, ev->data, ev->len, rtt);
}

static void note_reason(weft_conn *c, weft_bytes reason)
{
    if (!reason.len) return;
    c->reason = mem_alloc(net_env(conn_net(c)), sizeof *c->reason + reason.len);
    if (!c->reason) return;
    c->reason->len = (uint8_t)reason.len;
    copy(c->reason->text, reason.data, reason.len);
}

/* Ours is queued by now: what is not out yet has not caused the peer's. */
static RARE void got_close(weft_conn *c, const weft_event *ev)
{
    c->code = ev->code;
    c->by_peer = conn_buffered(c);
    note_reason(c, (weft_bytes){ev->data, ev->len});
    conn_begin_closing(c);
}

static void deliver(weft_conn *c, const weft_event *ev)
{
    if (!session_message(&c->session)) c->message = 0; /* this event ended what was in progress */
    switch (ev->kind) {
    case WEFT_EV_MESSAGE: got_message(c, ev); break;
    case WEFT_EV_CHUNK: got_chunk(c, ev); break;
    case WEFT_EV_PING: got_ping(c, ev); break;
    case WEFT_EV_PONG: got_pong(c, ev); break;
    case WEFT_EV_CLOSE: got_close(c, ev); break;
    }
}

/* The session has queued the Close that says why. What else the peer sends is of no use. */
static void failed(weft_conn *c)
{
    lane_pause(c->lane);
    conn_begin_closing(c);
}

void conn_fail(weft_conn *c, int error, const char *cause)
{
    session_fail(&c->session, error, cause);
    failed(c);
}

/* What one connection may take of a turn. Bytes count as they are told: compressed they were fewer. */
struct budget {
    uint64_t frames, pings, bytes;
};

static struct budget budget_of(const weft_conn *c)
{
    const weft_limits *l = conn_limits(c);
    return (struct budget){limit_frame_budget(l), limit_max_waiting_pongs(l), TOLD_MAX};
}

static bool spend(struct budget *b, const weft_event *ev)
{
    b->frames--;
    b->pings -= ev->kind == WEFT_EV_PING;
    b->bytes -= ev->len < b->bytes ? ev->len : b->bytes;
    return b->frames && b->pings && b->bytes;
}

/* Many frames, or many bytes out of few. */
static bool is_much(const weft_conn *c, const struct budget *left)
{
    return left->bytes < TOLD_MAX - BYTES_MUCH ||
           limit_frame_budget(conn_limits(c)) - left->frames > FRAMES_MUCH;
}

/* Events until the input is used up, the user pauses, or the others have waited long enough. */
static void read_events(weft_conn *c, weft_span *in)
{
    struct budget budget = budget_of(c);
    weft_event ev;
    int result = 1;
    for (bool more = true; more && c->state != CONN_ENDED && !c->paused;) {
        result = weft_session_read(&c->session, in, &ev);
        if (result <= 0) break;
        more = spend(&budget, &ev);
        deliver(c, &ev);
        session_take_back(&c->session); /* who pauses may not be back for long */
        if (!more && c->state != CONN_ENDED && !c->paused) lane_yield(c->lane);
    }
    if (result < 0) {
        span_skip(in, in->len);
        failed(c);
    }
    if (c->state != CONN_ENDED && is_much(c, &budget)) lane_busy(c->lane);
}

static void feed(struct lane *l, weft_span *in)
{
    weft_conn *c = conn_at(l);
    if (in->len) keepalive_heard(c);
    if (c->state == CONN_OPENING) {
        c->state = CONN_OPEN;
        tell_open(c);
    }
    read_events(c, in);
    if (c->state == CONN_ENDED) {
        span_skip(in, in->len);
        return;
    }
    keepalive_fed(c);
    l->in_place = c->session.state == RECV_PAYLOAD;
}

static uint8_t *room(struct lane *l, size_t *room)
{
    return session_room(&conn_at(l)->session, room);
}

/* The opening handshake is done. on_open follows with the first feed. */
static void ready(struct lane *l)
{
    weft_conn *c = conn_at(l);
    c->lane = l;
    if (c->session.role == WEFT_SERVER) c->slot = l->slot;
    if (lane_site(l)) site_websocket_opened(lane_site(l));
    c->state = CONN_OPENING;
    c->since = conn_now(c);
    if (c->paused) lane_pause(l);
    uint64_t stall = limit_write_stall(conn_limits(c));
    if (stall > SOCK_PATIENCE)
        lane_probe(l, WEFT_NEVER, WEFT_NEVER, stall); /* we watch, not the kernel */
    keepalive_arm(c);
}

/* ---- output ---------------------------------------------------------------------------------- */

static struct outq *pull(struct lane *l)
{
    return session_output(&conn_at(l)->session);
}

/* A closing connection is pulled from once more when all is written: that is how it ends. */
static bool sent(struct lane *l, size_t n)
{
    weft_conn *c = conn_at(l);
    if (n) weft_session_sent(&c->session, n);
    keepalive_sent(c);
    if (c->backlogged || c->wants_drain || c->full) conn_tell_if_drained(c);
    return session_buffered(&c->session) || c->session.closed;
}

/* ---- told by the lane ------------------------------------------------------------------------ */

static void full(struct lane *l)
{
    keepalive_full(conn_at(l));
}

static void late(struct lane *l)
{
    keepalive_late(conn_at(l));
}

/* Whose user ends it himself. */
static bool ask_to_leave(weft_conn *c, const struct leaving *how)
{
    if (c->asked || c->state != CONN_OPEN) return false;
    struct site *site = lane_site(c->lane);
    c->asked = true;
    site->leaving_code = how->code;
    conn_handler(c)->on_leave(c, lane_return_ms(c->lane, how));
    site->leaving_code = 0;
    return true;
}

static bool leave(struct lane *l, const struct leaving *how)
{
    weft_conn *c = conn_at(l);
    if (!weft_conn_is_open(c)) return false;
    if (conn_handler(c)->on_leave && !how->last) return ask_to_leave(c, how);
    int error = how->last ? weft_close_now(c, how->code, NULL) : weft_close(c, how->code, NULL);
    if (error) lane_reset(l, error, weft_strerror(error));
    return true;
}

const struct talk conn_talk = {
    .light = true,
    .ready = ready,
    .feed = feed,
    .room = room,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = written,
    .full = full,
    .late = late,
    .leave = leave,
    .lost = lost,
};
