/* SPDX-License-Identifier: MIT
 *
 * net/wire/out.c - output: when the flush asks, from extra->out or the conversation, down to the batch
 *
 *      extra->out, else what is pulled --> [TLS: records] --> the batch --> wire_on_sent
 *
 * When nothing is left whoever sits there is told: that is how a connection ends that has said its last word.
 */
#include "net/wire/wire_tls.h"

/* Whether what was said before goes out next. */
static bool says_first(const struct wire *w)
{
    return w->extra && !outq_empty(&w->extra->out);
}

/* The plain bytes that go out next; NULL: there are none. */
static struct outq *plain_out(struct wire *w)
{
    return says_first(w) ? &w->extra->out : lane_talk(&w->lane)->pull(&w->lane);
}

/* n of the plain bytes went. Whether there is more where they were. */
static bool plain_sent(struct wire *w, size_t n)
{
    if (!says_first(w)) return lane_talk(&w->lane)->sent(&w->lane, n);
    outq_sent(&w->extra->out, n);
    return lane_talk(&w->lane)->sent(&w->lane, 0);
}

/* Some of the plain bytes become records, which are still ours to send. Who hears that they went may end the lane. */
static int encrypt(struct wire *w)
{
    int error = 0;
    while (!error && !w->lane.gone && wire_tls_has_room(w)) {
        const struct outq *plain = plain_out(w);
        size_t taken = 0;
        if (!plain || outq_empty(plain)) break;
        error = wire_tls_write(w, plain, &taken);
        wire_note_more(w);
        if (taken) (void)plain_sent(w, taken);
    }
    return error;
}

/* The first pieces of what goes out next. */
static int pull(struct wire *w, struct iovec *iov, int max)
{
    int error = wire_tls(w) ? encrypt(w) : 0;
    if (error) return error;
    const struct outq *out = wire_tls(w) ? tls_out(w->extra->tls) : plain_out(w);
    wire_note_more(w);
    return out ? outq_iov(out, iov, max) : 0;
}

/* Nothing waits to be said, for now or for good. With TLS the last word is close_notify. */
static void said_all(struct wire *w)
{
    if (w->lane.state == WIRE_OPEN) lane_talk(&w->lane)->written(&w->lane);
    if (w->lane.state == WIRE_LINGER && wire_is(w, WIRE_FINISHING) && wire_tls(w))
        tls_close(w->extra->tls);
}

/* There was nothing to pull, unless it waits for something else. */
static RARE int at_the_end(struct wire *w, struct iovec *iov, int max)
{
    if (w->lane.more || w->lane.gone) return 0;
    said_all(w);
    int n = wire_buffered(w) ? pull(w, iov, max) : 0; /* there is a last word */
    if (!n && !wire_buffered(w)) wire_linger(w);
    return n;
}

/* A plain WebSocket in the midst of it takes the short way: it has no extra. */
int wire_on_pull(struct duplex *d, struct iovec *iov, int max)
{
    struct wire *w = wire_at(d);
    int n;
    if (w->extra) {
        n = pull(w, iov, max);
    } else {
        const struct outq *out = lane_talk(&w->lane)->pull(&w->lane);
        n = out ? outq_iov(out, iov, max) : 0;
    }
    return n ? n : at_the_end(w, iov, max);
}

static bool extra_sent(struct wire *w, size_t n)
{
    bool more;
    if (wire_tls(w)) {
        outq_sent(tls_out(w->extra->tls), n);
        more = lane_talk(&w->lane)->sent(&w->lane, 0);
    } else {
        more = plain_sent(w, n);
    }
    if (w->lane.gone) return false;
    wire_unload(w);
    wire_note_more(w);
    return more || w->lane.more || wire_is(w, WIRE_FINISHING);
}

bool wire_on_sent(struct duplex *d, size_t n)
{
    struct wire *w = wire_at(d);
    return w->extra ? extra_sent(w, n) : lane_talk(&w->lane)->sent(&w->lane, n);
}

void wire_on_full(struct duplex *d)
{
    struct wire *w = wire_at(d);
    if (w->lane.state == WIRE_OPEN) lane_talk(&w->lane)->full(&w->lane);
    else lane_deadline(&w->lane, wire_last_stall(w));
}
