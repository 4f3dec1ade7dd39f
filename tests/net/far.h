/* SPDX-License-Identifier: MIT
 *
 * tests/net/far.h - the far end of a lane: what a peer says, and hears, whatever carries it
 *
 *      far_say ... said --- far_move ---> socket, or memory_stream --> the server
 *      far_heard <- heard <--- far_move -------+
 *
 * A far end says what it is told to as soon as there is room, and takes what comes unless it does not read. What it
 * heard is a story: responses, and behind a 101 the frames of a WebSocket.
 *
 *      200;body hello;101;text hi;close 1000 bye;end;          and not the end but a reset: reset;
 *      200;chunk one;chunk two;last;                           in the middle of something: cut;
 */
#ifndef NET_FAR_H
#define NET_FAR_H

#include "memory_carrier.h"
#include "net/server/server.h"
#include "raw.h"
#include "teller.h"

struct far;

/* How a carrier's other end does these. Far ends come in a cast: an array of n. */
struct far_kind {
    const char *name;
    int patience; /* ms that a turn waits for the kernel */
    void (*connect)(struct far *fars, size_t n);
    size_t (*push)(struct far *f); /* some of what was said; how much */
    size_t (*take)(struct far *f); /* what has come; how much */
    void (*end)(struct far *f);    /* nothing more will be said */
    void (*reset)(struct far *f);
    void (*lose)(struct far *f);                 /* the whole connection */
    void (*hang_up)(struct far *fars, size_t n); /* what connect began */
};

enum far_expects { FAR_HEAD, FAR_BODY, FAR_CHUNKS, FAR_FRAMES };

struct far {
    const struct far_kind *kind;
    union {
        int fd;
        struct memory_stream *stream;
    };
    struct buf said, heard;
    bool ends;             /* when all is said */
    bool reads;            /* takes what comes */
    bool gone;             /* it has reset, or lost, the connection */
    bool ended, was_reset; /* the server did */
    enum far_expects expects;
    size_t body; /* bytes of a body that are still to come */
};

/* Long messages and bodies are all the same letters, so that a hole or a change in them is seen. */
static inline const char *long_text(void)
{
    static char text[256 * 1024];
    for (size_t i = 0; !text[sizeof text - 1] && i < sizeof text; i++)
        text[i] = (char)('a' + i % 23);
    return text;
}

static inline void expect_long_text(const void *data, size_t len)
{
    if (len > 64) assert_memory_equal(data, long_text(), len);
}

/* ---- sockets --------------------------------------------------------------------------------- */

static struct world world;

static inline void socket_connect(struct far *fars, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct raw *r = raw_connect(&world);
        fars[i].fd = r->fd;
        r->fd = -1;
        raw_free(r);
    }
}

static inline size_t socket_push(struct far *f)
{
    ssize_t n = send(f->fd, f->said.data, f->said.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}

static inline size_t socket_take(struct far *f)
{
    static uint8_t chunk[65536];
    size_t all = 0;
    for (;;) {
        ssize_t n = recv(f->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n == 0) f->ended = true;
        if (n < 0 && errno != EAGAIN) f->was_reset = true;
        if (n <= 0) return all;
        buf_append(&f->heard, chunk, (size_t)n);
        all += (size_t)n;
    }
}

static inline void socket_end(struct far *f)
{
    (void)shutdown(f->fd, SHUT_WR);
}

static inline void socket_close(struct far *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

static inline void socket_hang_up(struct far *fars, size_t n)
{
    for (size_t i = 0; i < n; i++) socket_close(&fars[i]);
}

static inline void socket_reset(struct far *f)
{
    struct linger now = {1, 0};
    assert_int_equal(setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    socket_close(f);
}

static const struct far_kind far_socket = {
    .name = "sockets",
    .patience = 1,
    .connect = socket_connect,
    .push = socket_push,
    .take = socket_take,
    .end = socket_end,
    .reset = socket_reset,
    .lose = socket_reset,
    .hang_up = socket_hang_up,
};

/* ---- streams in memory ------------------------------------------------------------------------ */

static struct memory_classes memory_classes; /* of the world's server */

/* As net/server/accept.c does it, for the world's server. */
static inline struct memory *accept_memory(void)
{
    weft_server *s = world.server;
    struct sock_addr peer = memory_address();
    tally_add(&s->site.tally->accepted);
    server_count_in(s);
    s->carriers++;
    memory_classes_init(&memory_classes, s->lane_class.talks, s->net, &s->site);
    return memory_connect(&memory_classes, trust_has(&s->site.trust, &peer));
}

static inline void stream_connects(struct far *fars, size_t n)
{
    struct memory *m = accept_memory();
    assert_true(n <= MEMORY_STREAMS);
    for (size_t i = 0; i < n; i++) {
        fars[i].stream = m ? &m->streams[i] : NULL;
        fars[i].gone = !m;
    }
}

/* A window after the other, so that it is seen when nothing moves any more. */
static inline size_t stream_push(struct far *f)
{
    size_t n = f->stream->said.len ? 0 : memory_least(f->said.len, STREAM_WINDOW);
    memory_say(f->stream, f->said.data, n);
    return n;
}

static inline size_t stream_take(struct far *f)
{
    size_t n = memory_take(f->stream, &f->heard);
    f->ended = f->stream->ended;
    f->was_reset = f->stream->was_reset;
    return n;
}

static inline void stream_end(struct far *f)
{
    memory_end(f->stream);
}

static inline void stream_reset(struct far *f)
{
    memory_reset(f->stream);
}

static inline void stream_lose(struct far *f)
{
    memory_lose(f->stream->connection);
}

static inline void stream_hang_up(struct far *fars, size_t n)
{
    if (fars->stream) memory_free(fars->stream->connection);
    for (size_t i = 0; i < n; i++) fars[i].stream = NULL;
}

static const struct far_kind far_memory = {
    .name = "memory",
    .connect = stream_connects,
    .push = stream_push,
    .take = stream_take,
    .end = stream_end,
    .reset = stream_reset,
    .lose = stream_lose,
    .hang_up = stream_hang_up,
};

/* ---- what they do ---------------------------------------------------------------------------- */

static inline void far_init(struct far *f, const struct far_kind *kind)
{
    *f = (struct far){.kind = kind, .reads = true};
    buf_init(&f->said, NULL, SIZE_MAX);
    buf_init(&f->heard, NULL, SIZE_MAX);
}

static inline void far_deinit(struct far *f)
{
    buf_deinit(&f->said);
    buf_deinit(&f->heard);
}

/* Whether anything went either way. */
static inline bool far_move(struct far *f)
{
    size_t said = 0, heard = 0;
    if (f->gone) return false;
    if (f->said.len) said = f->kind->push(f);
    if (said) buf_consume(&f->said, said);
    if (f->ends && !f->said.len) f->kind->end(f);
    if (!f->said.len) f->ends = false;
    if (f->reads && !f->ended && !f->was_reset) heard = f->kind->take(f);
    return said || heard;
}

static inline void far_say(struct far *f, const char *text)
{
    buf_text(&f->said, text);
}

/* Masked, so that bytes that were unmasked already, and are brought again, are not what they were. */
static inline void far_frame(struct far *f, uint8_t first, const void *payload, size_t len)
{
    static const uint8_t key[4] = {0x5a, 0xc3, 0x17, 0x8e};
    static uint8_t frame[65536 + 16];
    size_t n = put_frame(frame, first, payload, len);
    memcpy(frame + n - len - 4, key, 4);
    for (size_t i = 0; i < len; i++) frame[n - len + i] ^= key[i % 4];
    buf_append(&f->said, frame, n);
}

static inline void far_close_frame(struct far *f, uint16_t code, const char *reason)
{
    uint8_t payload[125] = {(uint8_t)(code >> 8), (uint8_t)code};
    memcpy(payload + 2, reason, strlen(reason));
    far_frame(f, 0x88, payload, strlen(reason) + 2);
}

/* ---- what they heard ------------------------------------------------------------------------- */

/* Each of these tells one thing, when it is there whole, and returns its length; 0: it is not. */

static inline size_t far_tell_head(struct far *f, struct story *s, const char *at, size_t left)
{
    const char *end = memmem(at, left, "\r\n\r\n", 4);
    if (!end) return 0;
    char head[2048];
    snprintf(head, sizeof head, "%.*s", (int)(end + 2 - at), at);
    int status = atoi(head + 9);
    const char *length = strstr(head, "\r\nContent-Length: ");
    f->body = length ? strtoul(length + 18, NULL, 10) : 0;
    f->expects = f->body ? FAR_BODY : FAR_HEAD;
    if (strstr(head, "\r\nTransfer-Encoding: chunked")) f->expects = FAR_CHUNKS;
    if (status == 101) f->expects = FAR_FRAMES;
    tell(s, "%d%s;", status, strstr(head, "\r\nConnection: close") ? " at last" : "");
    return (size_t)(end + 4 - at);
}

static inline size_t far_tell_body(struct far *f, struct story *s, const char *at, size_t left)
{
    size_t n = f->body;
    if (left < n) return 0;
    tell_data(s, "body", at, n);
    expect_long_text(at, n);
    f->expects = FAR_HEAD;
    return n;
}

static inline size_t far_tell_chunk(struct far *f, struct story *s, const char *at, size_t left)
{
    const char *line = memmem(at, left, "\r\n", 2);
    if (!line) return 0;
    size_t n = strtoul(at, NULL, 16), head = (size_t)(line + 2 - at);
    if (left < head + n + 2) return 0;
    expect_long_text(at + head, n);
    if (n) tell_data(s, "chunk", at + head, n);
    else tell(s, "last;");
    if (!n) f->expects = FAR_HEAD;
    return head + n + 2;
}

static inline size_t far_tell_frame(struct story *s, const uint8_t *p, size_t left)
{
    size_t head = 2, len;
    if (left < 2) return 0;
    assert_int_equal(p[1] & 0x80, 0); /* a server does not mask */
    len = p[1];
    if (len >= 126) head = len == 126 ? 4 : 10;
    if (left < head) return 0;
    if (head > 2) len = 0;
    for (size_t i = 2; i < head; i++) len = len << 8 | p[i];
    if (left - head < len) return 0;
    tell_frame(s, p[0], p + head, len);
    if (p[0] != 0x88) expect_long_text(p + head, len);
    return head + len;
}

static inline size_t far_tell_next(struct far *f, struct story *s, size_t skip)
{
    const uint8_t *at = f->heard.data + skip;
    size_t left = f->heard.len - skip;
    switch (left ? f->expects : FAR_HEAD) {
    case FAR_BODY: return far_tell_body(f, s, (const char *)at, left);
    case FAR_CHUNKS: return far_tell_chunk(f, s, (const char *)at, left);
    case FAR_FRAMES: return far_tell_frame(s, at, left);
    default: return left ? far_tell_head(f, s, (const char *)at, left) : 0;
    }
}

static inline void far_tell_end(struct far *f, struct story *s)
{
    bool frames = f->expects == FAR_FRAMES;
    if (f->gone || !(f->ended || f->was_reset)) return;
    if (f->heard.len || (!frames && f->expects != FAR_HEAD)) tell(s, "cut;");
    tell(s, f->ended ? "end;" : "reset;");
    f->gone = true;
}

/* What was heard since this was last asked. */
static inline const char *far_heard(struct far *f)
{
    static struct story s;
    size_t skip = 0, n;
    s.len = 0, s.text[0] = 0;
    while ((n = far_tell_next(f, &s, skip)) > 0) skip += n;
    buf_consume(&f->heard, skip);
    far_tell_end(f, &s);
    return s.text;
}

#endif
