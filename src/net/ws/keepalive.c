/* SPDX-License-Identifier: MIT
 *
 * net/ws/keepalive.c - the deadlines of an open WebSocket, all on one timer
 *
 *      ping       ping_interval after the last byte of the peer: a ping goes out
 *      pong       pong_timeout after that ping, if no byte came: dropped. Whoever we have paused is pinged, but owes no
 *                 answer: when nobody is there to acknowledge the ping, the kernel notices
 *      message    message_timeout after a message began: Close 1008. Bytes that trickle do not move it
 *      stall      write_stall after the peer last took a byte of what is queued: dropped
 *      close      close_timeout after the closing handshake began: dropped
 *
 * Moments are written down as they happen, which costs a store; the timer is set for the earliest
 * deadline known then, and when it fires looks again. So moving a deadline back costs nothing, and only
 * one that is nearer than the timer's has to be armed.
 */
#include "base/limits.h"
#include "net/ws/conn.h"

conn_time conn_now(const weft_conn *c)
{
    conn_time now = (conn_time)net_now(conn_net(c));
    return now ? now : 1;
}

/* Each connection's interval differs by up to 10 %, so that a thousand that opened together do not
 * ping together. */
static uint64_t ping_interval(const weft_conn *c)
{
    uint64_t ms = limit_ping_interval(conn_limits(c));
    if (ms == WEFT_NEVER) return ms;
    uint64_t spread = ms / 5;
    return ms - spread / 2 + slot_spread(c->slot, spread);
}

/* Milliseconds from now until limit after since; 0 when that has passed. */
static uint64_t until(conn_time now, conn_time since, uint64_t limit)
{
    uint64_t gone = (conn_time)(now - since);
    if (limit == WEFT_NEVER) return limit;
    return gone >= limit ? 0 : limit - gone;
}

static uint64_t nearer(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool awaits_pong(const weft_conn *c)
{
    return c->pinged && !c->paused;
}

static uint64_t until_ping(const weft_conn *c, conn_time now)
{
    if (c->closing) return WEFT_NEVER;
    return until(now, c->since,
                 awaits_pong(c) ? limit_pong_timeout(conn_limits(c)) : ping_interval(c));
}

static uint64_t until_message(const weft_conn *c, conn_time now)
{
    if (!c->message || c->paused || c->closing) return WEFT_NEVER;
    return until(now, c->message, limit_message_timeout(conn_limits(c)));
}

static uint64_t until_stall(const weft_conn *c, conn_time now)
{
    return c->stalled ? until(now, c->stalled, limit_write_stall(conn_limits(c))) : WEFT_NEVER;
}

static uint64_t until_closed(const weft_conn *c, conn_time now)
{
    return c->closing ? until(now, c->since, limit_close_timeout(conn_limits(c))) : WEFT_NEVER;
}

static uint64_t until_next(const weft_conn *c, conn_time now)
{
    uint64_t next = nearer(until_ping(c, now), until_message(c, now));
    return nearer(next, nearer(until_stall(c, now), until_closed(c, now)));
}

/* Only a deadline that is nearer than the timer's moves the timer. */
void keepalive_arm(weft_conn *c)
{
    lane_no_later(c->lane, until_next(c, conn_now(c)));
}

void keepalive_heard(weft_conn *c)
{
    if (c->closing) return;
    c->since = conn_now(c);
    if (!c->pinged) return;
    c->pinged = false;
    keepalive_arm(c); /* the next ping may come before that pong would have been late */
}

void keepalive_fed(weft_conn *c)
{
    if (!session_in_message(&c->session)) {
        c->message = 0;
    } else if (!c->message) {
        c->message = conn_now(c);
        keepalive_arm(c);
    }
}

void keepalive_sent(weft_conn *c)
{
    c->stalled = 0;
}

void keepalive_full(weft_conn *c)
{
    if (c->stalled) return;
    c->stalled = conn_now(c);
    keepalive_arm(c);
}

void keepalive_resumed(weft_conn *c)
{
    keepalive_heard(c);
    if (c->message) c->message = conn_now(c);
    keepalive_arm(c);
}

void keepalive_closing(weft_conn *c)
{
    if (!c->closing) c->since = conn_now(c);
    c->closing = true;
    keepalive_arm(c);
}

static void ping(weft_conn *c, conn_time now)
{
    c->pinged = weft_ping(c, NULL, 0) == 0; /* else the queue is full: write_stall watches */
    c->since = now;
}

/* Do what is due, and set the timer for what comes next. */
void keepalive_late(weft_conn *c)
{
    conn_time now = conn_now(c);
    if (!until_closed(c, now)) {
        lane_drop(c->lane, WEFT_ERR_TIMEOUT, "the peer did not complete the closing handshake");
        return;
    }
    if (!until_stall(c, now)) {
        lane_reset(c->lane, WEFT_ERR_TIMEOUT, "the peer takes none of the bytes we send");
        return;
    }
    if (!until_ping(c, now) && awaits_pong(c)) {
        lane_reset(c->lane, WEFT_ERR_TIMEOUT, "no pong, nor anything else, after a ping");
        return;
    }
    if (!until_message(c, now)) conn_fail(c, WEFT_ERR_POLICY, "a message took too long to arrive");
    else if (!until_ping(c, now)) ping(c, now);
    if (c->wants_drain) conn_tell_if_drained(c); /* it was drained when that was asked for */
    if (c->state != CONN_ENDED) keepalive_arm(c);
}
