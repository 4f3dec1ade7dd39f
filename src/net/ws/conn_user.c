/* SPDX-License-Identifier: MIT
 *
 * net/ws/conn_user.c - what the user does with a weft_conn: send, close, pause, ask
 *
 * Nothing here calls the user back: sends are queued and go out with the turn, and the end of a
 * connection is told when it is buried.
 */
#include <errno.h>

#include "base/limits.h"
#include "base/rare.h"
#include "net/links.h"
#include "net/peer.h"
#include "net/ws/conn.h"

bool weft_conn_is_open(const weft_conn *c)
{
    conn_assert_usable(c);
    return (c->state == CONN_OPENING || c->state == CONN_OPEN) && !c->session.closed;
}

uint16_t weft_conn_leaving_code(const weft_conn *c)
{
    conn_assert_usable(c);
    const struct site *site = c->lane ? lane_site(c->lane) : NULL;
    return site ? site->leaving_code : 0;
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool may_send(const weft_conn *c)
{
    return weft_conn_is_open(c) && !c->full;
}

static bool may_send_ahead(const weft_conn *c)
{
    return may_send(c) || (weft_conn_is_open(c) && !conn_is_full_ahead(c));
}

/* Who was refused is told when there is room. */
static RARE int refusal(weft_conn *c)
{
    if (c->state < CONN_OPENING) return WEFT_ERR_STATE;
    if (!weft_conn_is_open(c)) return WEFT_ERR_CLOSED;
    c->backlogged = true;
    return WEFT_ERR_BACKLOG;
}

/* Every send ends here: what the session queued goes out with the turn. */
static int queued(weft_conn *c, int error)
{
    if (error) return error;
    lane_dirty(c->lane);
    conn_note_backlog(c);
    return 0;
}

int weft_send(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    conn_assert_usable(c);
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    if (!may_send(c)) return refusal(c);
    return queued(c, session_queue(&c->session, op, data, len));
}

int weft_sendv(weft_conn *c, weft_opcode op, unsigned flags, const weft_bytes *parts, size_t n)
{
    conn_assert_usable(c);
    if ((op != WEFT_TEXT && op != WEFT_BINARY) || !session_knows_flags(flags)) return -EINVAL;
    if (!may_send(c)) return refusal(c);
    return queued(c, session_queue_parts(&c->session, op, flags, parts, n));
}

int weft_send_fragment(weft_conn *c, weft_opcode op, const void *data, size_t len, bool final)
{
    conn_assert_usable(c);
    if (!may_send_ahead(c)) return refusal(c);
    return queued(c, weft_session_send_fragment(&c->session, op, data, len, final));
}

int weft_send_message(weft_conn *c, weft_message *m)
{
    conn_assert_usable(c);
    if (!may_send(c)) return refusal(c);
    return queued(c, session_queue_shared(&c->session, m));
}

int weft_ping(weft_conn *c, const void *data, size_t len)
{
    conn_assert_usable(c);
    if (!may_send_ahead(c)) return refusal(c);
    int error = weft_session_send(&c->session, WEFT_PING, data, len);
    if (!error) c->ping_sent = conn_stopwatch(c);
    return queued(c, error);
}

int weft_close_bytes(weft_conn *c, uint16_t code, weft_bytes reason)
{
    conn_assert_usable(c);
    if (c->state == CONN_ENDED) return 0;
    if (c->state == CONN_DIALING) {
        weft_abort(c);
        return 0;
    }
    bool was_closed = c->session.closed;
    int error = weft_session_close(&c->session, code, (const char *)reason.data, reason.len);
    if (error || was_closed) return error;
    conn_begin_closing(c);
    weft_resume(c);
    return 0;
}

int weft_close(weft_conn *c, uint16_t code, const char *reason)
{
    return weft_close_bytes(c, code, reason ? bytes_of(reason) : (weft_bytes){0});
}

int weft_close_now(weft_conn *c, uint16_t code, const char *reason)
{
    conn_assert_usable(c);
    int error = weft_close(c, code, reason);
    if (error || c->state == CONN_ENDED) return error;
    session_hurry(&c->session);
    lane_dirty(c->lane);
    return 0;
}

void weft_abort(weft_conn *c)
{
    conn_assert_usable(c);
    if (c->state == CONN_ENDED) return;
    if (c->lane) lane_abort(c->lane);
    else c->owner->cancel(c);
}

/* A second Close does not happen: a connection that is closing says WEFT_ERR_CLOSED. */
static RARE int missed(weft_conn *c, int error)
{
    static const char why[] = "too slow: the send queue is full";
    if (error == WEFT_ERR_CLOSED || error == WEFT_ERR_STATE) return error;
    if (lane_site(c->lane)) site_undelivered(lane_site(c->lane));
    bool told = error == WEFT_ERR_BACKLOG && weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, why) == 0;
    if (!told) lane_reset(c->lane, -ENOMEM, "out of memory");
    return error;
}

int weft_deliver(weft_conn *c, weft_message *m)
{
    int error = weft_send_message(c, m);
    return error ? missed(c, error) : 0;
}

void weft_pause(weft_conn *c)
{
    conn_assert_usable(c);
    if (c->paused || c->closing || c->state == CONN_ENDED) return;
    c->paused = true;
    if (c->lane) lane_pause(c->lane);
}

void weft_resume(weft_conn *c)
{
    conn_assert_usable(c);
    if (!c->paused || c->state == CONN_ENDED) return;
    c->paused = false;
    if (!c->lane) return;
    keepalive_resumed(c);
    lane_resume(c->lane);
    if (session_inflating(&c->session)) lane_again(c->lane); /* it may hold some of the message */
}

/* ---- questions ------------------------------------------------------------------------------- */

weft_id weft_conn_id(const weft_conn *c)
{
    conn_assert_usable(c);
    return slots_id(&conn_net(c)->slots, c->slot);
}

weft_conn *weft_conn_find(const weft_loop *l, weft_id id)
{
    net_assert_usable(l);
    const struct net *n = net_there(l);
    if (!n) return NULL;
    const struct lane *lane = slots_find(&n->slots, id, SLOT_LANE);
    if (lane) return lane->talk == LANE_WEBSOCKET ? lane->talker : NULL;
    weft_conn *c = slots_find(&n->slots, id, SLOT_CLIENT);
    return c && c->state != CONN_ENDED ? c : NULL;
}

weft_loop *weft_conn_loop(const weft_conn *c)
{
    return conn_net(c)->loop;
}

weft_role weft_conn_role(const weft_conn *c)
{
    conn_assert_usable(c);
    return (weft_role)c->session.role;
}

const char *weft_conn_subprotocol(const weft_conn *c)
{
    conn_assert_usable(c);
    if (c->session.role == WEFT_SERVER) return c->subprotocol;
    return c->owner->subprotocol;
}

const weft_deflate_params *weft_conn_deflate(const weft_conn *c)
{
    conn_assert_usable(c);
    return &c->session.deflate;
}

weft_peer *weft_conn_peer(weft_conn *c)
{
    conn_assert_usable(c);
    return peer_there(&c->links, c->lane);
}

uint64_t weft_conn_ping_interval(const weft_conn *c)
{
    conn_assert_usable(c);
    return limit_ping_interval(conn_limits(c));
}

void *weft_conn_user(const weft_conn *c)
{
    conn_assert_usable(c);
    return c->user;
}

void weft_conn_set_user(weft_conn *c, void *user)
{
    conn_assert_usable(c);
    c->user = user;
}

void weft_conn_link(weft_conn *c, weft_link *link)
{
    conn_assert_usable(c);
    links_add(&c->links, link);
}

void weft_conn_unlink(weft_conn *c, weft_link *link)
{
    conn_assert_usable(c);
    links_remove(&c->links, link);
}

weft_link *weft_conn_find_link(const weft_conn *c, const void *owner)
{
    conn_assert_usable(c);
    return links_find(c->links, owner);
}

bool weft_conn_is_of(const weft_conn *c,
                     void (*on_close)(weft_conn *c, const weft_close_info *info))
{
    return conn_class(c)->handler.on_close == on_close;
}

weft_link *weft_conn_links(const weft_conn *c)
{
    conn_assert_usable(c);
    return c->links;
}
