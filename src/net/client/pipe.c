/* SPDX-License-Identifier: MIT
 *
 * net/client/pipe.c - a weft_pipe: bytes up to the handler, bytes down from its queue
 *
 *      lane bytes -> feed -> on_bytes
 *      weft_pipe_write -> out -> (end of the turn) pulled
 *
 * Nothing here calls the user back: on_open, on_bytes and on_drain come from the loop, on_close from the burial.
 */
#include "net/client/pipe.h"

#include <errno.h>

#include "base/limits.h"
#include "base/strings.h"
#include "http/piece.h"
#include "net/backlog.h"
#include "net/errand.h"
#include "net/links.h"
#include "net/peer.h"

/* ---- the end --------------------------------------------------------------------------------- */

static void leave_way(weft_pipe *p)
{
    struct pipe_way *way = p->way;
    if (!way) return;
    p->way = NULL;
    way_stop(&way->way);
    dial_deinit(&way->dial);
    mem_free(net_env(p->net), way);
}

void pipe_discard(weft_pipe *p)
{
    leave_way(p);
    links_tell_gone(&p->links);
    outq_clear(&p->out);
    slots_remove(&p->net->slots, p->slot);
    mem_free(net_env(p->net), p->words);
    mem_free(net_env(p->net), p);
}

static void bury(struct dead *d)
{
    weft_pipe *p = container_of(d, weft_pipe, dead);
    if (p->handler.on_close) p->handler.on_close(p, p->error, p->cause);
    pipe_discard(p);
}

void pipe_over(weft_pipe *p, int error, const char *cause, const char *words)
{
    p->state = PIPE_OVER;
    (void)string_copy(&p->words, net_env(p->net), words);
    p->error = error;
    p->cause = p->words ? p->words : cause;
    leave_way(p); /* words may be its */
    outq_clear(&p->out);
    loop_bury(p->net->loop, &p->dead, bury);
}

/* Everything is gone to the peer: the lane ends without us. */
static void finish(weft_pipe *p)
{
    struct lane *l = p->lane;
    pipe_over(p, 0, "", NULL);
    lane_finish(l, NULL);
}

/* ---- told by the lane ------------------------------------------------------------------------ */

static weft_pipe *pipe_at(const struct lane *l)
{
    return lane_talker(l, LANE_PIPE);
}

/* What comes after our last word is of no use; what comes while the user has paused is brought again. */
static void feed(struct lane *l, weft_span *in)
{
    weft_pipe *p = pipe_at(l);
    weft_span got = *in;
    if (p->paused && p->state == PIPE_OPEN) return;
    span_skip(in, in->len);
    if (got.len && p->state == PIPE_OPEN && p->handler.on_bytes)
        p->handler.on_bytes(p, got.data, got.len);
}

/* The rest is written, then it is over. */
static void end(weft_pipe *p)
{
    p->state = PIPE_ENDED;
    lane_dirty(p->lane);
}

static void eof(struct lane *l)
{
    if (l->cut) lane_drop(l, WEFT_ERR_LOST, "TLS: the connection ended without close_notify");
    else end(pipe_at(l));
}

static struct outq *pull(struct lane *l)
{
    return &pipe_at(l)->out;
}

static struct backlog backlog_of(const weft_pipe *p)
{
    return (struct backlog){&p->out, p->state == PIPE_OVER ? NULL : p->lane, &p->limits};
}

static void drained(weft_pipe *p)
{
    struct backlog b = backlog_of(p);
    if (!backlog_bytes(&b)) lane_deadline(p->lane, WEFT_NEVER);
    if (!p->backlogged || !backlog_fell(&b)) return;
    p->backlogged = false;
    if (p->handler.on_drain && p->state == PIPE_OPEN) p->handler.on_drain(p);
}

static bool sent(struct lane *l, size_t n)
{
    weft_pipe *p = pipe_at(l);
    outq_sent(&p->out, n);
    drained(p);
    return !l->gone && (!outq_empty(&p->out) || p->state == PIPE_ENDED);
}

static void written(struct lane *l)
{
    weft_pipe *p = pipe_at(l);
    if (p->state == PIPE_ENDED && outq_empty(&p->out)) finish(p);
}

static void full(struct lane *l)
{
    lane_deadline(l, limit_write_stall(&pipe_at(l)->limits));
}

static void late(struct lane *l)
{
    lane_reset(l, WEFT_ERR_TIMEOUT, "the peer takes none of the bytes we send");
}

static void lost(struct lane *l, int error, const char *cause)
{
    pipe_over(pipe_at(l), error, cause, NULL);
}

const struct talk pipe_talk = {
    .light = true,
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = written,
    .full = full,
    .late = late,
    .leave = lane_stays,
    .lost = lost,
};

void pipe_arrived(weft_pipe *p, struct lane *l)
{
    leave_way(p);
    p->lane = l;
    (void)lane_become(l, LANE_PIPE, p, NULL);
    if (p->paused) lane_pause(l);
    if (p->state == PIPE_ENDED || !outq_empty(&p->out)) lane_dirty(l);
    if (p->state == PIPE_OPEN && p->handler.on_open) p->handler.on_open(p);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int refusal(weft_pipe *p)
{
    struct backlog b = backlog_of(p);
    if (p->state != PIPE_OPEN) return WEFT_ERR_CLOSED;
    if (!backlog_is_full(&b)) return 0;
    p->backlogged = true;
    return WEFT_ERR_BACKLOG;
}

static int queued(weft_pipe *p, int error)
{
    if (error) return error;
    struct backlog b = backlog_of(p);
    if (backlog_rose(&b)) p->backlogged = true;
    if (p->lane) lane_dirty(p->lane);
    return 0;
}

int weft_pipe_write(weft_pipe *p, const void *data, size_t len)
{
    int error = refusal(p);
    if (error || !len) return error;
    return queued(p, outq_append(&p->out, net_env(p->net), data, len));
}

int weft_pipe_write_piece(weft_pipe *p, weft_piece *piece)
{
    int error = refusal(p);
    if (error) return error;
    struct range payload = piece_range(piece, false);
    return queued(p, outq_append_part(&p->out, piece_blob(piece), payload.skip, payload.len));
}

void weft_pipe_abort(weft_pipe *p)
{
    if (p->state == PIPE_OVER) return;
    if (p->lane) lane_abort(p->lane);
    else pipe_over(p, WEFT_ERR_CLOSED, lane_aborted, NULL);
}

void weft_pipe_pause(weft_pipe *p)
{
    if (p->state != PIPE_OPEN) return;
    p->paused = true;
    if (p->lane) lane_pause(p->lane);
}

void weft_pipe_resume(weft_pipe *p)
{
    if (p->state != PIPE_OPEN || !p->paused) return;
    p->paused = false;
    if (p->lane) lane_resume(p->lane);
}

void weft_pipe_close(weft_pipe *p)
{
    if (p->state != PIPE_OPEN) return;
    weft_pipe_resume(p); /* so that the peer, too, can go on */
    if (p->lane) end(p);
    else if (outq_empty(&p->out)) pipe_over(p, 0, "", NULL);
    else p->state = PIPE_ENDED;
}

/* ---- asking ---------------------------------------------------------------------------------- */

size_t weft_pipe_buffered(const weft_pipe *p)
{
    struct backlog b = backlog_of(p);
    return backlog_bytes(&b);
}

bool weft_pipe_backlogged(const weft_pipe *p)
{
    return p->backlogged;
}

bool weft_pipe_is_open(const weft_pipe *p)
{
    return p->lane && p->state == PIPE_OPEN;
}

weft_loop *weft_pipe_loop(const weft_pipe *p)
{
    return p->net->loop;
}

weft_peer *weft_pipe_peer(weft_pipe *p)
{
    return peer_there(&p->links, p->lane);
}

void *weft_pipe_user(const weft_pipe *p)
{
    return p->user;
}

void weft_pipe_set_user(weft_pipe *p, void *user)
{
    p->user = user;
}

weft_id weft_pipe_id(const weft_pipe *p)
{
    return slots_id(&p->net->slots, p->slot);
}

weft_pipe *weft_pipe_find(const weft_loop *l, weft_id id)
{
    const struct net *n = net_there(l);
    weft_pipe *p = n ? slots_find(&n->slots, id, SLOT_PIPE) : NULL;
    return p && p->state != PIPE_OVER ? p : NULL;
}

typedef void call(weft_pipe *p, void *arg);

static void run_call(weft_errand *post)
{
    struct errand e = errand_take(post);
    ((call *)e.fn)(weft_pipe_find(e.post.loop, e.to), e.arg);
}

int weft_pipe_call(weft_loop *l, weft_id id, void (*fn)(weft_pipe *p, void *arg), void *arg)
{
    struct errand e = {.post.run = run_call, .to = id, .fn = (void (*)(void))fn, .arg = arg};
    return errand_post(l, &e);
}
