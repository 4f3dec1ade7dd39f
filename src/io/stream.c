/* SPDX-License-Identifier: MIT
 *
 * io/stream.c - a connected socket
 *
 * epoll is edge-triggered: it says when something has become so, and what is so is remembered here, in bits:
 *
 *      READABLE    there may be bytes. A read that leaves room in its buffer has emptied the socket
 *      ENDING      the end, or a break, lies behind them: only a read that finds it is the last
 *      FULL        the flush leaves the stream alone until there is room
 *      PAUSED      nothing is received; a hang-up is heard even so
 *      HELD        on_again is due, before anything is received
 *      SPENT       it had the last of what there was for long messages: others come first
 *
 * So pausing takes no system call. Who is READABLE after his share of a turn goes on in the next one, behind
 * those who wait already (the flush's chain again).
 *
 * While it is being connected it is paused and full, and io.on_ready is another function.
 */
#include "io/stream.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "io/flush.h"

enum { NO_SOCKET = INT_MAX };

enum { READABLE = 1, ENDING = 2, FULL = 4, PAUSED = 8, HELD = 16, SPENT = 32 };

static const uint32_t READING = (uint32_t)EPOLLIN | (uint32_t)EPOLLRDHUP | (uint32_t)EPOLLET;

static void set(struct stream *s, unsigned bits)
{
    s->io.bits |= (uint8_t)bits;
}

static void clear(struct stream *s, unsigned bits)
{
    s->io.bits &= (uint8_t)~bits;
}

static bool is(const struct stream *s, unsigned bit)
{
    return s->io.bits & bit;
}

bool stream_paused(const struct stream *s)
{
    return is(s, PAUSED);
}

/* 0 or -errno: why the connection is broken. */
static int socket_error(const struct stream *s)
{
    int err = 0;
    socklen_t len = sizeof err;
    if (loop_sys(stream_loop(s))->getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        return -errno;
    return -err;
}

static void to_flush(struct stream *s)
{
    if (s->dirty) return;
    flush_add_dirty(loop_flush(stream_loop(s)), s);
    loop_touch(stream_loop(s));
}

static void to_again(struct stream *s)
{
    if (s->again) return;
    flush_add_again(loop_flush(stream_loop(s)), s);
    loop_touch(stream_loop(s));
}

/* ---- receiving ------------------------------------------------------------------------------- */

static bool is_reading(const struct stream *s)
{
    return (s->io.bits & (READABLE | PAUSED | HELD)) == READABLE && !stream_closed(s);
}

static void got_bytes(struct stream *s, uint8_t *data, size_t n, size_t room)
{
    if (n < room && !is(s, ENDING)) clear(s, READABLE);
    s->handler->on_bytes(s, data, n);
}

/* How many bytes came into data. */
static size_t receive_into(struct stream *s, uint8_t *data, size_t room)
{
    ssize_t n = loop_sys(stream_loop(s))->recv(s->io.fd, data, room, 0);
    if (n > 0) {
        loop_received(stream_loop(s), (size_t)n);
        got_bytes(s, data, (size_t)n, room);
    } else if (n == 0) {
        set(s, PAUSED);
        s->handler->on_eof(s);
    } else if (errno == EAGAIN) {
        clear(s, READABLE);
    } else if (errno != EINTR) {
        s->handler->on_error(s, -errno);
    }
    return n > 0 ? (size_t)n : 0;
}

/* NULL: none, or nothing is to be received. */
static uint8_t *better_place(struct stream *s, size_t *room)
{
    *room = loop_long_left(stream_loop(s));
    return is_reading(s) && s->handler->on_room ? s->handler->on_room(s, room) : NULL;
}

/* Into better places as long as they are filled, and nothing when others have used up the turn. Whether there
 * was such a place. */
static bool receive_long(struct stream *s)
{
    size_t room;
    uint8_t *data = better_place(s, &room);
    if (!data) return false;
    while (data && room) {
        size_t got = receive_into(s, data, room);
        loop_take_long(stream_loop(s), got);
        if (!loop_long_left(stream_loop(s))) set(s, SPENT);
        data = got == room ? better_place(s, &room) : NULL;
    }
    return true;
}

/* The beginning of a long message has no better place; the rest follows at once. */
static void receive(struct stream *s)
{
    size_t room = loop_share(stream_loop(s));
    if (!receive_long(s) && receive_into(s, loop_buffer(stream_loop(s)), room) == room)
        (void)receive_long(s);
    if (is_reading(s)) to_again(s);
}

bool stream_stands_back(struct stream *s)
{
    bool spent = is(s, SPENT);
    clear(s, SPENT);
    return spent;
}

void stream_go_on(struct stream *s)
{
    if (is(s, HELD)) {
        clear(s, HELD);
        s->handler->on_again(s);
    }
    if (is_reading(s)) receive(s);
}

/* ---- what the kernel says -------------------------------------------------------------------- */

static void notice_error(struct stream *s)
{
    int err = socket_error(s);
    if (err < 0) s->handler->on_error(s, err);
}

static void remember(struct stream *s, uint32_t events)
{
    const uint32_t ends = (uint32_t)EPOLLRDHUP | (uint32_t)EPOLLHUP | (uint32_t)EPOLLERR;
    if (events & ((uint32_t)EPOLLIN | ends)) set(s, READABLE);
    if (events & ends) set(s, ENDING);
    if (!(events & (uint32_t)EPOLLOUT) || !is(s, FULL)) return;
    clear(s, FULL);
    to_flush(s);
}

static void on_ready(struct io *io, uint32_t events)
{
    struct stream *s = container_of(io, struct stream, io);
    remember(s, events);
    if (is(s, PAUSED) && events & (uint32_t)EPOLLERR) notice_error(s);
    else if (is_reading(s) && !s->again) receive(s);
}

/* We have said our last word; a hang-up now means that nothing more can go either way. */
static void on_ready_shut(struct io *io, uint32_t events)
{
    struct stream *s = container_of(io, struct stream, io);
    if (is(s, PAUSED) && events & (uint32_t)EPOLLHUP) s->handler->on_error(s, -ECONNRESET);
    else on_ready(io, events);
}

static void on_connecting(struct io *io, uint32_t events)
{
    struct stream *s = container_of(io, struct stream, io);
    int err = socket_error(s);
    if (err < 0) {
        s->handler->on_error(s, err);
        return;
    }
    s->io.on_ready = on_ready;
    clear(s, PAUSED | FULL);
    remember(s, events);
    if (is_reading(s)) to_again(s);
    s->handler->on_connected(s);
}

static int start(struct stream *s, int fd, const struct stream_handler *handler, bool connected)
{
    io_init(&s->io, fd, connected ? on_ready : on_connecting);
    s->handler = handler;
    s->dirty = s->again = NULL;
    if (!connected) set(s, PAUSED | FULL);
    int err = io_set(stream_loop(s), &s->io, connected ? READING : READING | (uint32_t)EPOLLOUT);
    if (err < 0) s->io.fd = -1;
    return err;
}

int stream_init(struct stream *s, int fd, const struct stream_handler *handler)
{
    return start(s, fd, handler, true);
}

void stream_init_bare(struct stream *s, const struct stream_handler *handler)
{
    io_init(&s->io, NO_SOCKET, NULL);
    s->handler = handler;
    s->dirty = s->again = NULL;
}

int stream_connect(struct stream *s, int fd, const struct stream_handler *handler)
{
    return start(s, fd, handler, false);
}

/* ---- what the owner says --------------------------------------------------------------------- */

void stream_make_dirty(struct stream *s)
{
    if (!stream_closed(s) && !is(s, FULL)) to_flush(s);
}

void stream_again(struct stream *s)
{
    if (stream_closed(s)) return;
    set(s, HELD);
    to_again(s);
}

void stream_pause(struct stream *s)
{
    set(s, PAUSED);
}

void stream_resume(struct stream *s)
{
    if (stream_closed(s) || s->io.on_ready == on_connecting) return;
    clear(s, PAUSED);
    if (is_reading(s)) to_again(s);
}

int stream_shutdown_write(struct stream *s)
{
    if (stream_closed(s)) return -ENOTCONN;
    if (loop_sys(stream_loop(s))->shutdown(s->io.fd, SHUT_WR) < 0) return -errno;
    s->io.on_ready = on_ready_shut;
    return 0;
}

/* EPOLLOUT stays armed from then on: it is said only when room comes after none. */
int stream_want_write(struct stream *s)
{
    set(s, FULL);
    return io_arm(stream_loop(s), &s->io, READING | (uint32_t)EPOLLOUT);
}

void stream_will_reset(struct stream *s)
{
    struct linger at_once = {.l_onoff = 1};
    if (stream_closed(s)) return;
    (void)loop_sys(stream_loop(s))
        ->setsockopt(s->io.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void stream_close(struct stream *s)
{
    if (stream_closed(s)) return;
    (void)io_set(stream_loop(s), &s->io, 0);
    flush_forget(loop_flush(stream_loop(s)), s);
    if (s->io.fd != NO_SOCKET) close(s->io.fd);
    s->io.fd = -1;
}
