/* SPDX-License-Identifier: MIT
 *
 * net/web/reply.c - a reply that streams, for as long as it likes
 *
 *      weft_reply_begin     exchange_begin -> head, framing -> the lane is the reply's
 *      weft_reply_write...  framing -> out -> (end of the turn) pulled
 *      weft_reply_end       the last chunk; when it is written the lane goes on (exchange_go_on)
 *
 * Nothing here calls the user back: on_drain and on_leave come from the loop, and on_close from the burial.
 */
#include "net/web/reply.h"

#include <errno.h>

#include "base/limits.h"
#include "http/piece.h"
#include "net/access.h"
#include "net/backlog.h"
#include "net/errand.h"
#include "net/links.h"
#include "net/peer.h"
#include "net/web/proxied.h"
#include "net/web/waiting.h"

/* Bytes of a body that can be had again which stay when the client has taken nothing for so long. */
enum { KEPT = 1024, GRACE_MS = 1000 };

SIZED_TAKER(handler_take, weft_reply_handler, on_close, 24, on_close)

static const weft_limits *limits_of(const weft_reply *r)
{
    return site_limits(lane_site(r->lane), r->limits);
}

static struct backlog backlog_of(const weft_reply *r)
{
    return (struct backlog){&r->out, r->lane, limits_of(r)};
}

static struct lane *lane_if_open(const weft_reply *r)
{
    return r->state == REPLY_OPEN ? r->lane : NULL;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void reply_free(weft_reply *r, const weft_env *env)
{
    links_tell_gone(&r->links);
    mem_free(env, r);
}

/* For who wants to know; told with the links, behind on_close. */
static void write_down(weft_reply *r)
{
    struct access *a = access_in(r->links);
    if (!a) return;
    a->seen.cause = r->cause;
    access_finish(a, weft_reply_peer(r));
}

static void bury(struct dead *d)
{
    weft_reply *r = container_of(d, weft_reply, dead);
    if (r->handler.on_close) r->handler.on_close(r, r->error, r->cause);
    write_down(r);
    reply_free(r, lane_env(r->left));
}

/* The lane is somebody else's, or gone. */
static void over(weft_reply *r, int error, const char *cause)
{
    struct lane *l = r->lane;
    outq_clear(&r->out); /* which may have used first */
    r->state = REPLY_OVER;
    r->lane = NULL;
    r->left = l;
    r->id = lane_id(l);
    r->error = error;
    r->cause = cause;
    loop_bury(lane_loop(l), &r->dead, bury);
}

static weft_reply *reply_at(const struct lane *l)
{
    return lane_talker(l, LANE_REPLY);
}

/* Only what is handed back has been taken whole. */
static void lost(struct lane *l, int error, const char *cause)
{
    over(reply_at(l), error, cause);
}

/* Everything is gone to the client: the lane goes on without it. */
static void hand_back(weft_reply *r)
{
    struct lane *l = r->lane;
    uint32_t requests = r->requests;
    uint16_t limits = r->limits;
    bool last = r->last;
    over(r, r->cut ? WEFT_ERR_CLOSED : 0, r->cut ? "cut by the program" : "");
    lane_renew_id(l);
    if (last) lane_finish(l, NULL);
    else exchange_go_on(l, requests, limits);
}

/* ---- told by the lane ------------------------------------------------------------------------ */

/* The next request waits. */
static void feed(struct lane *l, weft_span *in)
{
    (void)l;
    (void)in;
}

/* Nothing more has to be written: what is queued is all. To HEAD that is so from the beginning: it is over with its
 * head, whatever the user may still write. */
static bool is_complete(const weft_reply *r)
{
    return r->state == REPLY_ENDED || r->framing.is_head;
}

static bool may_go_on_for_ever(const weft_reply *r)
{
    enum body_kind kind = r->framing.kind;
    return !is_complete(r) && (kind == BODY_CHUNKED || kind == BODY_UNTIL_CLOSE);
}

/* A reply of known length ends by itself, and is written to its end; a reset, or write_stall, tells who has left.
 * A stream to somebody who has ended his side would not. */
static void eof(struct lane *l)
{
    weft_reply *r = reply_at(l);
    r->last = true;
    if (may_go_on_for_ever(r)) lane_drop(l, WEFT_ERR_LOST, "the client left");
}

static struct outq *pull(struct lane *l)
{
    return &reply_at(l)->out;
}

static bool has_room(const weft_reply *r)
{
    return r->state == REPLY_OPEN && !r->backlogged;
}

/* The links before the user; any of them may use the room. */
static void tell_room(weft_reply *r)
{
    weft_link place;
    links_take_place(&r->links, &place);
    while (has_room(r) && links_tell_room(&r->links, &place)) continue;
    links_leave_place(&r->links, &place);
    if (has_room(r) && r->handler.on_drain) r->handler.on_drain(r);
}

static void drained(weft_reply *r)
{
    if (outq_empty(&r->out)) lane_deadline(r->lane, WEFT_NEVER);
    if (!r->backlogged) return;
    struct backlog b = backlog_of(r);
    if (!backlog_fell(&b)) return;
    r->backlogged = false;
    tell_room(r);
}

static bool sent(struct lane *l, size_t n)
{
    weft_reply *r = reply_at(l);
    outq_sent(&r->out, n);
    drained(r);
    return !l->gone && (!outq_empty(&r->out) || is_complete(r));
}

static void written(struct lane *l)
{
    weft_reply *r = reply_at(l);
    if (is_complete(r) && outq_empty(&r->out)) hand_back(r);
}

/* Whether what is queued can be had again, and there is time for it to be given up first. */
static bool gives_back(const weft_reply *r)
{
    return r->repeats && r->out.bytes > KEPT && limit_write_stall(limits_of(r)) > GRACE_MS;
}

/* What can be had again need not wait here for somebody who takes nothing. A little stays: that it has gone says that
 * there is room; and it has what is left of the head in it. */
static void give_back(weft_reply *r)
{
    size_t queued = r->out.bytes;
    uint64_t stall = limit_write_stall(limits_of(r));
    if (outq_keep(&r->out, lane_env(r->lane), KEPT) < 0) {
        lane_reset(r->lane, -ENOMEM, "out of memory");
        return;
    }
    r->framing.left += queued - KEPT;
    r->state = REPLY_OPEN;
    r->backlogged = true;
    lane_deadline(r->lane, stall == WEFT_NEVER ? stall : stall - GRACE_MS);
}

static void full(struct lane *l)
{
    const weft_reply *r = reply_at(l);
    lane_deadline(l, gives_back(r) ? GRACE_MS : limit_write_stall(limits_of(r)));
}

static void late(struct lane *l)
{
    if (gives_back(reply_at(l))) give_back(reply_at(l));
    else lane_reset(l, WEFT_ERR_TIMEOUT, "the client takes none of the bytes we send");
}

static bool leave(struct lane *l, const struct leaving *how)
{
    weft_reply *r = reply_at(l);
    r->last = true;
    if (r->asked || is_complete(r)) return false;
    r->asked = true;
    if (r->handler.on_leave) r->handler.on_leave(r, lane_return_ms(l, how));
    return r->handler.on_leave;
}

const struct talk reply_talk = {
    .light = true,
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = written,
    .full = full,
    .late = late,
    .leave = leave,
    .lost = lost,
};

/* ---- beginning ------------------------------------------------------------------------------- */

static int reply_new(weft_reply **out, const weft_env *env, const weft_reply_handler *h,
                     size_t h_size, void *user)
{
    weft_reply_handler taken;
    int error = handler_take(env, &taken, h, h_size);
    if (error) return error;
    weft_reply *r = *out = mem_zalloc(env, sizeof *r);
    if (!r) return -ENOMEM;
    r->handler = taken;
    r->user = user;
    return 0;
}

/* The one of the exchange becomes this one's. That the client takes nothing of what was queued before the head may
 * have been said already, and is not said twice. */
static void sit_down(weft_reply *r, struct handed *from)
{
    r->lane = from->lane;
    r->framing = from->framing;
    r->out = from->out;
    r->requests = from->requests;
    r->limits = from->limits;
    r->last = from->last;
    (void)lane_become(r->lane, LANE_REPLY, r, NULL);
    r->lane->unending = r->framing.kind == BODY_UNTIL_CLOSE && !is_complete(r);
    struct backlog b = backlog_of(r);
    r->backlogged = !r->framing.is_head && backlog_is_full(&b);
    if (r->out.items > 1 || lane_buffered(r->lane))
        lane_deadline(r->lane, limit_write_stall(limits_of(r)));
    lane_dirty(r->lane);
}

static int begin(weft_reply *r, weft_request *q, int status, const char *type, uint64_t length)
{
    struct handed handed;
    int error = type ? weft_reply_field(q, "Content-Type", type) : 0;
    if (!error) error = exchange_begin(q->exchange, status, &q->fields, length, &r->links, &handed);
    if (error) return error;
    q->exchange = NULL;
    sit_down(r, &handed);
    return 0;
}

/* A stream may be silent for ever: somebody has to ask whether the client is there. */
static void probe(const weft_reply *r, const weft_limits *l)
{
    lane_probe(r->lane, limit_ping_interval(l), limit_pong_timeout(l), limit_write_stall(l));
}

int weft_reply_begin_sized(weft_reply **out, weft_request *q, int status, const char *type,
                           uint64_t length, const weft_reply_handler *h, size_t h_size, void *user)
{
    request_assert_plain(q);
    request_wake(q);
    const weft_env *env = weft_loop_env(q->loop);
    weft_reply *r = *out = NULL;
    if (!q->exchange) return request_finish(q, WEFT_ERR_CLOSED);
    request_unpause(q);
    int error = reply_new(&r, env, h, h_size, user);
    if (!error) error = begin(r, q, status, type, length);
    if (error) {
        if (r) reply_free(r, env);
        return request_fail(q, error);
    }
    if (length == WEFT_LENGTH_UNKNOWN && !is_complete(r)) probe(r, limits_of(r));
    if (r->lane->unending) proxied_log_http10(r->lane);
    *out = r;
    return request_finish(q, 0);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What nobody will send finds room always. Who is not backlogged is not full: what is queued was looked at. */
static int refusal(weft_reply *r)
{
    if (r->state != REPLY_OPEN) return WEFT_ERR_CLOSED;
    if (!r->backlogged || r->framing.is_head) return 0;
    struct backlog b = backlog_of(r);
    if (!backlog_is_full(&b)) return 0;
    r->backlogged = true;
    return WEFT_ERR_BACKLOG;
}

/* Every write ends here. What is missing in the middle of a body cannot be made good. */
static int queued(weft_reply *r, int error)
{
    if (error == -ENOMEM) lane_reset(r->lane, error, "out of memory");
    if (error) return error;
    struct backlog b = backlog_of(r);
    if (!r->framing.is_head && backlog_rose(&b)) r->backlogged = true;
    lane_dirty(r->lane);
    return 0;
}

int weft_reply_write(weft_reply *r, const void *data, size_t len)
{
    net_assert_usable(weft_reply_loop(r));
    int error = refusal(r);
    if (error) return error;
    return queued(r, framing_write(&r->framing, &r->out, lane_env(r->lane), data, len));
}

int weft_reply_write_piece(weft_reply *r, weft_piece *p)
{
    net_assert_usable(weft_reply_loop(r));
    int error = refusal(r);
    if (error) return error;
    return queued(r, framing_piece(&r->framing, &r->out, p, &r->first));
}

void reply_repeats(weft_reply *r)
{
    r->repeats = r->out.items == 1 && r->out.bytes <= KEPT && !r->framing.is_head;
}

int reply_queue_blob(weft_reply *r, struct blob *b)
{
    int error = refusal(r);
    if (error) return error;
    return queued(r, framing_blob(&r->framing, &r->out, lane_env(r->lane), b, 0, b->len));
}

int weft_reply_end(weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    struct lane *l = lane_if_open(r);
    if (!l) return WEFT_ERR_CLOSED;
    int error = framing_end(&r->framing, &r->out, lane_env(l));
    if (error) {
        lane_reset(l, error, weft_strerror(error));
        return error;
    }
    r->state = REPLY_ENDED;
    l->unending = false;
    lane_dirty(l);
    return 0;
}

void weft_reply_abort(weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    if (r->lane) lane_abort(r->lane);
}

void weft_reply_cut(weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    struct lane *l = lane_if_open(r);
    if (!l) return;
    if (r->framing.kind == BODY_UNTIL_CLOSE) {
        lane_abort(l);
        return;
    }
    r->state = REPLY_ENDED;
    r->cut = r->last = true;
    lane_dirty(l);
}

/* ---- asking ---------------------------------------------------------------------------------- */

size_t weft_reply_buffered(const weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    if (!r->lane) return 0;
    struct backlog b = backlog_of(r);
    return backlog_bytes(&b);
}

bool weft_reply_backlogged(const weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    return r->backlogged;
}

bool weft_reply_is_open(const weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    return lane_if_open(r);
}

weft_id weft_reply_id(const weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    return r->lane ? lane_id(r->lane) : r->id;
}

weft_reply *weft_reply_find(const weft_loop *l, weft_id id)
{
    net_assert_usable(l);
    const struct net *n = net_there(l);
    const struct lane *lane = n ? slots_find(&n->slots, id, SLOT_LANE) : NULL;
    return lane && lane->talk == LANE_REPLY ? lane->talker : NULL;
}

typedef void call(weft_reply *r, void *arg);

static void run_call(weft_errand *p)
{
    struct errand e = errand_take(p);
    ((call *)e.fn)(weft_reply_find(e.post.loop, e.to), e.arg);
}

int weft_reply_call(weft_loop *l, weft_id id, void (*fn)(weft_reply *r, void *arg), void *arg)
{
    struct errand e = {.post.run = run_call, .to = id, .fn = (void (*)(void))fn, .arg = arg};
    return errand_post(l, &e);
}

weft_loop *weft_reply_loop(const weft_reply *r)
{
    return lane_loop(r->lane ? r->lane : r->left);
}

weft_peer *weft_reply_peer(weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    return peer_there(&r->links, r->lane ? r->lane : r->left);
}

void *weft_reply_user(const weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    return r->user;
}

void weft_reply_set_user(weft_reply *r, void *user)
{
    net_assert_usable(weft_reply_loop(r));
    r->user = user;
}

void weft_reply_link(weft_reply *r, weft_link *link)
{
    net_assert_usable(weft_reply_loop(r));
    links_add(&r->links, link);
}

void weft_reply_unlink(weft_reply *r, weft_link *link)
{
    net_assert_usable(weft_reply_loop(r));
    links_remove(&r->links, link);
}

weft_link *weft_reply_find_link(const weft_reply *r, const void *owner)
{
    net_assert_usable(weft_reply_loop(r));
    return links_find(r->links, owner);
}

weft_link *weft_reply_links(const weft_reply *r)
{
    net_assert_usable(weft_reply_loop(r));
    return r->links;
}
