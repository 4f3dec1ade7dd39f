/* SPDX-License-Identifier: MIT
 *
 * io/stream.c - a connected socket
 *
 * What epoll is armed with says what the stream waits for; there is no other state:
 *
 *      reading     EPOLLIN                       level-triggered: unread bytes come back next turn
 *      paused      EPOLLERR | EPOLLONESHOT       a hang-up is heard once, and does not spin
 *      full        + EPOLLOUT                    the flush leaves the stream alone until there is room
 *
 * While it is being connected it is paused and full, and io.on_ready is another function.
 *
 * Only the first registration needs memory; arming anew can fail but for a mistake of ours.
 */
#include "io/stream.h"

#include <errno.h>
#include <unistd.h>

#include "io/flush.h"

static int arm(struct stream *s, bool reading, bool writing)
{
    uint32_t events = reading ? (uint32_t)EPOLLIN : (uint32_t)EPOLLERR | (uint32_t)EPOLLONESHOT;
    if (writing) events |= (uint32_t)EPOLLOUT;
    return io_set(s->loop, &s->io, events);
}

static bool is_full(const struct stream *s)
{
    return s->io.events & EPOLLOUT;
}

bool stream_paused(const struct stream *s)
{
    return !(s->io.events & EPOLLIN);
}

/* 0 or -errno: why the connection is broken. */
static int socket_error(const struct stream *s)
{
    int err = 0;
    socklen_t len = sizeof err;
    if (loop_sys(s->loop)->getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        return -errno;
    return -err;
}

static void to_flush(struct stream *s)
{
    if (s->dirty) return;
    flush_add_dirty(loop_flush(s->loop), s);
    loop_touch(s->loop);
}

static bool is_reading(const struct stream *s)
{
    return !stream_closed(s) && !stream_paused(s) && !s->again;
}

/* How many bytes came into data. */
static size_t receive_into(struct stream *s, uint8_t *data, size_t room)
{
    ssize_t n = loop_sys(s->loop)->recv(s->io.fd, data, room, 0);
    if (n > 0) {
        s->handler->on_bytes(s, data, (size_t)n);
    } else if (n == 0) {
        s->handler->on_eof(s);
        stream_pause(s);
    } else if (errno != EAGAIN && errno != EINTR) {
        s->handler->on_error(s, -errno);
    }
    return n > 0 ? (size_t)n : 0;
}

/* NULL: none, or nothing is to be received. */
static uint8_t *better_place(struct stream *s, size_t *room)
{
    *room = loop_long_left(s->loop);
    return is_reading(s) && s->handler->on_room ? s->handler->on_room(s, room) : NULL;
}

/* Into better places as long as they are filled. Who comes when others have used up the turn is among the
 * first in the next. Whether there was such a place. */
static bool receive_long(struct stream *s)
{
    size_t room;
    uint8_t *data = better_place(s, &room);
    if (!data) return false;
    if (!room) stream_again(s);
    while (data && room) {
        size_t got = receive_into(s, data, room);
        loop_take_long(s->loop, got);
        data = got == room ? better_place(s, &room) : NULL;
    }
    return true;
}

/* The beginning of a long message has no better place; the rest follows at once. */
static void receive(struct stream *s)
{
    size_t room = loop_share(s->loop);
    if (!receive_long(s) && receive_into(s, loop_buffer(s->loop), room) == room)
        (void)receive_long(s);
}

static void notice_error(struct stream *s)
{
    int err = socket_error(s);
    if (err < 0) s->handler->on_error(s, err);
}

static void on_ready(struct io *io, uint32_t events)
{
    struct stream *s = container_of(io, struct stream, io);
    if (events & EPOLLOUT) to_flush(s);
    if (stream_paused(s) && events & EPOLLERR) notice_error(s);
    else if (is_reading(s)) receive(s);
}

/* We have said our last word; a hang-up now means that nothing more can go either way. */
static void on_ready_shut(struct io *io, uint32_t events)
{
    struct stream *s = container_of(io, struct stream, io);
    if (stream_paused(s) && events & EPOLLHUP) s->handler->on_error(s, -ECONNRESET);
    else on_ready(io, events);
}

static void on_connecting(struct io *io, uint32_t events)
{
    (void)events;
    struct stream *s = container_of(io, struct stream, io);
    int err = socket_error(s);
    if (err == 0) {
        s->io.on_ready = on_ready;
        err = arm(s, true, false);
    }
    if (err < 0) s->handler->on_error(s, err);
    else s->handler->on_connected(s);
}

static int start(struct stream *s, weft_loop *l, int fd, const struct stream_handler *handler,
                 bool connected)
{
    io_init(&s->io, fd, connected ? on_ready : on_connecting);
    s->loop = l;
    s->handler = handler;
    s->dirty = s->again = NULL;
    int err = arm(s, connected, !connected);
    if (err < 0) s->io.fd = -1;
    return err;
}

int stream_init(struct stream *s, weft_loop *l, int fd, const struct stream_handler *handler)
{
    return start(s, l, fd, handler, true);
}

int stream_connect(struct stream *s, weft_loop *l, int fd, const struct stream_handler *handler)
{
    return start(s, l, fd, handler, false);
}

void stream_make_dirty(struct stream *s)
{
    if (!stream_closed(s) && !is_full(s)) to_flush(s);
}

void stream_again(struct stream *s)
{
    if (stream_closed(s) || s->again) return;
    flush_add_again(loop_flush(s->loop), s);
    loop_touch(s->loop);
}

void stream_go_on(struct stream *s)
{
    s->handler->on_again(s);
    (void)receive_long(s);
}

void stream_pause(struct stream *s)
{
    if (!stream_closed(s)) (void)arm(s, false, is_full(s));
}

void stream_resume(struct stream *s)
{
    if (!stream_closed(s) && s->io.on_ready != on_connecting) (void)arm(s, true, is_full(s));
}

int stream_shutdown_write(struct stream *s)
{
    if (stream_closed(s)) return -ENOTCONN;
    if (loop_sys(s->loop)->shutdown(s->io.fd, SHUT_WR) < 0) return -errno;
    s->io.on_ready = on_ready_shut;
    return 0;
}

int stream_want_write(struct stream *s)
{
    return arm(s, !stream_paused(s), true);
}

void stream_drained(struct stream *s)
{
    bool spent = s->io.events == (uint32_t)EPOLLONESHOT; /* paused, and EPOLLOUT came */
    if (is_full(s) || spent) (void)arm(s, !stream_paused(s), false);
}

void stream_close(struct stream *s)
{
    if (stream_closed(s)) return;
    (void)io_set(s->loop, &s->io, 0);
    flush_forget(loop_flush(s->loop), s);
    close(s->io.fd);
    s->io.fd = -1;
}
