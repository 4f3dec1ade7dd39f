/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_out.c - output: when the flush asks, from gear->out or the session, down to the batch
 *
 *      gear->out, else a WebSocket's session --> [box: records] --> the batch --> wire_on_sent
 *
 * When nothing is left the phase is told: that is how a connection ends that has said its last word.
 */
#include "base/limits.h"
#include "net/wire/secure.h"
#include "net/wire/wire_parts.h"
#include "net/ws/conn.h"

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

int wire_on_pull(struct stream *s, struct iovec *iov, int max)
{
    struct wire *w = wire_of(s);
    int n = pull(w, iov, max);
    if (n || has_output(w)) return n;
    said_all(w);
    if (wire_buffered(w)) return pull(w, iov, max); /* TLS has a last word */
    wire_linger(w);
    return 0;
}

/* A closing connection is pulled from once more when all is written: that is how it ends. */
static bool is_ending(const struct wire *w)
{
    return w->finishing || (w->phase == WIRE_WEBSOCKET && w->conn->session.closed);
}

bool wire_on_sent(struct stream *s, size_t n)
{
    struct wire *w = wire_of(s);
    if (wire_tls(w)) outq_sent(tls_out(w->gear->tls), n);
    else plain_sent(w, n);
    wire_unload(w);
    if (w->phase == WIRE_WEBSOCKET) conn_drained(w->conn);
    else if (w->phase == WIRE_WEB) web_drained(w);
    return w->phase != WIRE_DEAD && (has_output(w) || is_ending(w));
}

static uint64_t linger_stall(const struct wire *w)
{
    return wire_server(w) ? limit_write_stall(wire_limits(w))
                          : w->farewell.write_stall * LINGER_UNIT;
}

void wire_on_full(struct stream *s)
{
    struct wire *w = wire_of(s);
    if (w->phase == WIRE_WEBSOCKET) keepalive_full(w->conn);
    else if (w->phase == WIRE_WEB) web_full(w);
    else if (w->phase == WIRE_LINGER) wire_deadline(w, linger_stall(w));
}
