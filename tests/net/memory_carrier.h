/* SPDX-License-Identifier: MIT
 *
 * tests/net/memory_carrier.h - another carrier: three lanes on one connection, in memory, and no kernel
 *
 *      the peer                     windows                       the lanes
 *
 *      said ----------------> in_window of both ----> unread --> lane_feed
 *                                     ^                              |
 *                                     +---- what was consumed -------+
 *
 *      came <---------------- window of both <---- out, then what is pulled
 *        |                            ^
 *        +---- memory_take: explicit -+
 *
 * It is written against net/lane.h and net/site.h alone: what it needs to know is what there is to know. What a
 * kernel does for a wire stands here in so many words: a stream has a window in each direction, and so has the
 * connection, for all three. Bytes go as far as both allow.
 *
 * The connection is a lane, too, the trunk, on which its carrier sits. What the peer does is noted and is news in the
 * next turn (memory_on_news), as readiness would be. From above the trunk is told of leaving and of the end, and tells
 * the lanes; when the last of these is buried it ends.
 *
 * Bytes are fed from a block that is freed when the call returns, so that ASan sees who keeps a loan. What was left is
 * not brought again before somebody asks. A peer who is never told the end of a stream, bytes for which a window was
 * never given back, a lane that is told twice or too late: each of these is an assertion here, or a test that waits
 * in vain.
 *
 * One struct is both ends: it lives until the connection is buried and the peer has let go of it.
 */
#ifndef NET_MEMORY_CARRIER_H
#define NET_MEMORY_CARRIER_H

#include <errno.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/unit.h"
#include "net/lane.h"
#include "net/site.h"

enum {
    MEMORY_STREAMS = 3,
    STREAM_WINDOW = 16 * 1024,
    CONNECTION_WINDOW = 40 * 1024, /* less than the three together */
    MEMORY_FRAME = 4 * 1024,       /* at most so much at once, then the others have their turn */
};

struct memory;

struct memory_stream {
    struct memory *connection;

    /* ours */
    struct lane lane;
    struct outq out;   /* said by who sits there no more */
    size_t window;     /* what the peer lets us send */
    bool finishing;    /* the end follows when all is out */
    bool full;         /* who sits there has been told */
    struct buf unread; /* what nobody has consumed yet */
    bool left;         /* somebody left it, and has not asked for it */

    /* the peer's */
    struct buf said;  /* waits for a window */
    size_t in_window; /* what we let him send */
    bool said_end, said_reset;
    struct buf came;
    bool ended, was_reset; /* we did */
};

struct memory {
    struct lane trunk;
    size_t window, in_window;
    struct memory_stream streams[MEMORY_STREAMS];
    size_t n, alive; /* lanes that were opened; and are not buried */
    struct address address;
    bool lost; /* by the peer */
    bool buried, let_go;
};

/* For a loop and a site. */
struct memory_classes {
    struct lane_class trunk, stream;
};

static inline struct memory_stream *memory_of(const struct lane *l)
{
    return container_of(l, struct memory_stream, lane);
}

static inline struct memory *memory_at(const struct lane *trunk)
{
    return container_of(trunk, struct memory, trunk);
}

static inline size_t memory_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* There is news for the connection, in the next turn. */
static inline void memory_wake(struct memory *m)
{
    if (!m->buried) lane_yield(&m->trunk);
}

/* ---- in -------------------------------------------------------------------------------------- */

static inline void memory_hold(struct memory_stream *s, const void *data, size_t n)
{
    buf_append(&s->unread, data, n);
    if (s->unread.failed) {
        lane_drop(&s->lane, -ENOMEM, "out of memory");
    } else {
        s->in_window -= n;
        s->connection->in_window -= n;
    }
}

/* Of what was unread so much is gone: the peer may send as much, on any of his streams. */
static inline void memory_give_back(struct memory_stream *s, size_t n)
{
    if (!n) return;
    s->in_window += n;
    s->connection->in_window += n;
    assert_true(s->in_window <= STREAM_WINDOW && s->connection->in_window <= CONNECTION_WINDOW);
    memory_wake(s->connection);
}

static inline void memory_feed(struct memory_stream *s)
{
    struct lane *l = &s->lane;
    struct buf loan = s->unread;
    weft_span in = {loan.data, loan.len};
    buf_init(&s->unread, loan.env, loan.max);
    lane_feed(l, &in);
    if (l->gone || l->talk == LANE_FREE) in.len = 0; /* nobody wants it any more */
    s->left = in.len > 0;
    memory_give_back(s, loan.len);
    memory_hold(s, in.data, in.len);
    buf_deinit(&loan);
}

static inline bool memory_at_end(const struct memory_stream *s)
{
    return s->said_end && !s->said.len && !s->unread.len && !s->lane.eof;
}

/* asked: even if there is nothing. */
static inline void memory_bring(struct memory_stream *s, bool asked)
{
    struct lane *l = &s->lane;
    if (l->gone || lane_paused(l) || s->left) return;
    if (asked || s->unread.len) memory_feed(s);
    if (l->gone || lane_paused(l) || !memory_at_end(s)) return;
    l->eof = true;
    lane_talk(l)->eof(l);
}

/* As much as the windows allow. Whether there is a reason to feed. */
static inline bool memory_arrive(struct memory_stream *s)
{
    size_t n = memory_least(s->said.len, memory_least(s->in_window, s->connection->in_window));
    memory_hold(s, s->said.data, n);
    if (s->lane.gone) return false;
    buf_consume(&s->said, n);
    return n || memory_at_end(s);
}

static inline void memory_on_news(struct lane *trunk)
{
    struct memory *m = memory_at(trunk);
    if (m->lost) lane_drop(trunk, -ECONNRESET, weft_strerror(-ECONNRESET));
    for (struct memory_stream *s = m->streams; s < m->streams + m->n; s++) {
        if (s->lane.gone) continue;
        if (s->said_reset) lane_drop(&s->lane, -ECONNRESET, weft_strerror(-ECONNRESET));
        else if (memory_arrive(s)) memory_bring(s, false);
    }
}

static inline void memory_again(struct lane *l)
{
    memory_of(l)->left = false;
    memory_bring(memory_of(l), true);
}

static inline void memory_resume(struct lane *l)
{
    lane_yield(l);
}

/* ---- out ------------------------------------------------------------------------------------- */

static inline uint64_t memory_last_stall(const struct lane *l)
{
    return limit_write_stall(&lane_site(l)->limits);
}

/* The front of q goes, as far as the windows allow. Returns how much. */
static inline size_t memory_carry(struct memory_stream *s, const struct outq *q)
{
    struct iovec first;
    (void)outq_iov(q, &first, 1);
    size_t n = memory_least(memory_least(first.iov_len, MEMORY_FRAME),
                            memory_least(s->window, s->connection->window));
    buf_append(&s->came, first.iov_base, n);
    s->window -= n;
    s->connection->window -= n;
    return n;
}

static inline void memory_is_full(struct memory_stream *s)
{
    if (s->full) return;
    s->full = true;
    if (s->finishing) lane_deadline(&s->lane, memory_last_stall(&s->lane));
    else lane_talk(&s->lane)->full(&s->lane);
}

static inline void memory_sent(struct memory_stream *s, bool ours, size_t n)
{
    struct lane *l = &s->lane;
    s->full = false;
    if (ours) outq_sent(&s->out, n);
    bool more = lane_talk(l)->sent(l, ours ? 0 : n);
    if (l->gone) return;
    l->more = !outq_empty(&s->out);
    if (more || l->more || s->finishing) lane_dirty(l);
}

static inline void memory_said_all(struct memory_stream *s)
{
    if (s->finishing) lane_drop(&s->lane, 0, "");
    else lane_talk(&s->lane)->written(&s->lane);
}

static inline void memory_flush(struct lane *l)
{
    struct memory_stream *s = memory_of(l);
    bool ours = !outq_empty(&s->out);
    const struct outq *q = ours ? &s->out : lane_talk(l)->pull(l);
    if (!q || outq_empty(q)) {
        memory_said_all(s);
        return;
    }
    size_t n = memory_carry(s, q);
    if (n) memory_sent(s, ours, n);
    else memory_is_full(s);
}

/* No memory is needed. But others need some, and who says something has to be prepared for it. */
static inline int memory_say_first(struct lane *l, struct outq *q)
{
    void *needed = mem_alloc(lane_env(l), 1);
    if (!needed) return -ENOMEM;
    mem_free(lane_env(l), needed);
    outq_splice(&memory_of(l)->out, q);
    l->more = true;
    lane_dirty(l);
    return 0;
}

static inline size_t memory_buffered(const struct lane *l)
{
    return memory_of(l)->out.bytes;
}

/* ---- the end of a stream ---------------------------------------------------------------------- */

static inline void memory_finish(struct lane *l)
{
    memory_of(l)->finishing = true;
    lane_deadline(l, memory_last_stall(l));
    lane_dirty(l);
    lane_yield(l); /* what is unread is nobody's */
}

static inline void memory_late(struct lane *l)
{
    if (memory_of(l)->finishing) lane_drop(l, WEFT_ERR_TIMEOUT, "a deadline passed");
    else lane_talk(l)->late(l);
}

/* The windows of the connection are for the others, now. */
static inline void memory_drop(struct lane *l, bool reset)
{
    struct memory_stream *s = memory_of(l);
    s->was_reset = reset;
    s->ended = !reset;
    memory_give_back(s, s->unread.len);
    outq_clear(&s->out);
    buf_deinit(&s->unread);
    buf_deinit(&s->said);
}

static inline void memory_bury(struct dead *d)
{
    struct lane *l = container_of(d, struct lane, dead);
    struct memory *m = memory_of(l)->connection;
    lane_close(l);
    if (!--m->alive) lane_drop(&m->trunk, 0, "");
}

/* The peer's. */
static inline struct sock_addr memory_address(void)
{
    struct sock_addr peer;
    assert_int_equal(sock_parse(&peer, "127.0.0.1:1"), 0);
    return peer;
}

static inline int memory_peer(const struct lane *l, struct sock_addr *out)
{
    return address_get(&memory_of(l)->connection->address, out);
}

static inline bool memory_secure(const struct lane *l)
{
    (void)l;
    return false;
}

static inline int memory_count_as(struct lane *l, const struct sock_addr *client)
{
    struct address *own = &memory_of(l)->connection->address;
    return client ? site_count_as(lane_site(l), own, client) : 0;
}

/* One who is lost is known to be. */
static inline void memory_probe(struct lane *l, uint64_t idle_ms, uint64_t answer_ms,
                                uint64_t stall_ms)
{
    (void)l;
    (void)idle_ms;
    (void)answer_ms, (void)stall_ms;
}

/* Never: the trunk tells who sits there. */
static inline bool memory_leave(struct lane *l, const struct leaving *how)
{
    (void)how;
    assert_true(!l->carried);
    return false;
}

static const struct carrier memory_carrier = {
    .flush = memory_flush,
    .again = memory_again,
    .resume = memory_resume,
    .say = memory_say_first,
    .finish = memory_finish,
    .drop = memory_drop,
    .bury = memory_bury,
    .buffered = memory_buffered,
    .peer = memory_peer,
    .secure = memory_secure,
    .count_as = memory_count_as,
    .probe = memory_probe,
    .late = memory_late,
    .leave = memory_leave,
};

/* ---- the trunk ------------------------------------------------------------------------------- */

static inline bool trunk_leave(struct lane *trunk, const struct leaving *how)
{
    struct memory *m = lane_talker(trunk, LANE_TRUNK);
    bool sent_away = false;
    for (struct memory_stream *s = m->streams; s < m->streams + m->n; s++)
        if (!s->lane.gone) sent_away |= lane_talk(&s->lane)->leave(&s->lane, how);
    return sent_away;
}

static inline void trunk_lost(struct lane *trunk, int error, const char *cause)
{
    struct memory *m = lane_talker(trunk, LANE_TRUNK);
    for (struct memory_stream *s = m->streams; s < m->streams + m->n; s++)
        lane_drop(&s->lane, error, cause);
}

static const struct talk trunk_talk = {.leave = trunk_leave, .lost = trunk_lost};

/* Nothing of its own is under way. */
static inline void trunk_drop(struct lane *trunk, bool reset)
{
    (void)trunk;
    (void)reset;
}

static inline void memory_forget(struct memory *m)
{
    for (size_t i = 0; i < MEMORY_STREAMS; i++) {
        buf_deinit(&m->streams[i].said);
        buf_deinit(&m->streams[i].came);
    }
    free(m);
}

static inline void trunk_bury(struct dead *d)
{
    struct lane *trunk = container_of(d, struct lane, dead);
    struct memory *m = memory_at(trunk);
    struct site *site = lane_site(trunk);
    uint64_t counted_as = address_counted_as(&m->address);
    assert_true(!m->alive && m->in_window == CONNECTION_WINDOW);
    lane_close(trunk);
    address_clear(&m->address, lane_env(trunk));
    m->buried = true;
    if (m->let_go) memory_forget(m);
    site->carrier_gone(site, counted_as, false); /* classes and site may go with it */
}

static const struct carrier trunk_carrier = {
    .again = memory_on_news,
    .drop = trunk_drop,
    .bury = trunk_bury,
};

/* ---- birth ----------------------------------------------------------------------------------- */

static const struct talk *const trunk_talks[LANE_TALKS] = {
    [LANE_FREE] = &lane_nobody,
    [LANE_TRUNK] = &trunk_talk,
};

/* talks: who may sit on the streams. */
static inline void memory_classes_init(struct memory_classes *k, const struct talk *const *talks,
                                       struct net *n, struct site *site)
{
    lane_class_init(&k->trunk, &trunk_carrier, trunk_talks, n, site);
    lane_class_init(&k->stream, &memory_carrier, talks, n, site);
}

static inline struct memory *memory_new(void)
{
    struct memory *m = calloc(1, sizeof *m);
    struct sock_addr peer = memory_address();
    assert_non_null(m);
    assert_int_equal(address_set(&m->address, NULL, &peer, 0), 0); /* needs no memory */
    m->window = m->in_window = CONNECTION_WINDOW;
    for (struct memory_stream *s = m->streams; s < m->streams + MEMORY_STREAMS; s++) {
        s->connection = m;
        s->window = s->in_window = STREAM_WINDOW;
        s->ended = true; /* until it is opened */
        buf_init(&s->said, NULL, SIZE_MAX);
        buf_init(&s->came, NULL, SIZE_MAX);
    }
    return m;
}

static inline int memory_open(struct memory_stream *s, const struct memory_classes *k)
{
    int error = lane_open(&s->lane, &k->stream);
    if (error) return error;
    buf_init(&s->unread, lane_env(&s->lane), STREAM_WINDOW);
    s->lane.carried = true;
    s->lane.trusted = s->connection->trunk.trusted;
    s->ended = false;
    s->connection->n++;
    s->connection->alive++;
    return 0;
}

static inline void memory_begin(struct lane *l)
{
    (void)lane_become(l, LANE_EXCHANGE, NULL, NULL);
    lane_talk(l)->ready(l);
}

/* A connection that the site counts already: it is told when it is gone, also when memory is short of it from the
 * beginning. On each stream sits an exchange. trusted: the peer is a proxy of ours. NULL: not even the trunk could be
 * opened. */
static inline struct memory *memory_connect(const struct memory_classes *k, bool trusted)
{
    struct memory *m = memory_new();
    if (lane_open(&m->trunk, &k->trunk) < 0) {
        memory_forget(m);
        k->trunk.site->carrier_gone(k->trunk.site, 0, false);
        return NULL;
    }
    m->trunk.trusted = trusted;
    (void)lane_become(&m->trunk, LANE_TRUNK, m, NULL);
    int error = 0;
    while (!error && m->n < MEMORY_STREAMS) error = memory_open(&m->streams[m->n], k);
    if (error) lane_drop(&m->trunk, error, "out of memory");
    else
        for (size_t i = 0; i < m->n; i++) memory_begin(&m->streams[i].lane);
    return m;
}

/* ---- what a peer does ------------------------------------------------------------------------ */

static inline void memory_say(struct memory_stream *s, const void *data, size_t len)
{
    if (s->ended || s->was_reset) return;
    buf_append(&s->said, data, len);
    memory_wake(s->connection);
}

static inline void memory_end(struct memory_stream *s)
{
    s->said_end = true;
    memory_wake(s->connection);
}

/* Take what has come, to the end of *to, and let us send as much again. */
static inline size_t memory_take(struct memory_stream *s, struct buf *to)
{
    struct memory *m = s->connection;
    size_t n = s->came.len;
    if (!n) return 0;
    buf_append(to, s->came.data, n);
    buf_consume(&s->came, n);
    s->window += n;
    m->window += n;
    for (size_t i = 0; i < m->n; i++)
        if (!m->streams[i].lane.gone) lane_dirty(&m->streams[i].lane);
    return n;
}

static inline void memory_reset(struct memory_stream *s)
{
    struct buf unread;
    buf_init(&unread, NULL, SIZE_MAX);
    (void)memory_take(s, &unread);
    buf_deinit(&unread);
    s->said_reset = true;
    memory_wake(s->connection);
}

/* The whole connection. */
static inline void memory_lose(struct memory *m)
{
    m->lost = true;
    memory_wake(m);
}

/* The peer is gone, and with it the connection. */
static inline void memory_free(struct memory *m)
{
    if (!m) return;
    m->let_go = true;
    memory_lose(m);
    if (m->buried) memory_forget(m);
}

#endif
