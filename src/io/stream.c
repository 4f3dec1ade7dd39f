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
    return io_set(stream_loop(s), &s->io, events);
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

static bool is_reading(const struct stream *s)
{
    return !stream_closed(s) && !stream_paused(s) && !s->again;
}

/* Into data; whether it was filled. */
static bool receive_into(struct stream *s, uint8_t *data, size_t room)
{
    ssize_t n = loop_sys(stream_loop(s))->recv(s->io.fd, data, room, 0);
    if (n > 0) {
        s->handler->on_bytes(s, data, (size_t)n);
    } else if (n == 0) {
        stream_pause(s);
        s->handler->on_eof(s);
    } else if (errno != EAGAIN && errno != EINTR) {
        s->handler->on_error(s, -errno);
    }
    return n == (ssize_t)room;
}

static size_t at_most(size_t n, size_t max)
{
    return n < max ? n : max;
}

/* Once into the loop's buffer, or into a better place as long as it is filled and there is something left of
 * the stream's share of the turn. */
static void receive(struct stream *s)
{
    size_t share = loop_share(stream_loop(s)), total = 0, room;
    uint8_t *data;
    while (total < share && is_reading(s) && s->handler->on_room &&
           (data = s->handler->on_room(s, &room))) {
        room = at_most(room, share - total);
        total += room;
        if (!receive_into(s, data, room)) return;
    }
    if (!total) (void)receive_into(s, loop_buffer(stream_loop(s)), at_most(LOOP_BUFFER, share));
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

static int start(struct stream *s, int fd, const struct stream_handler *handler, bool connected)
{
    io_init(&s->io, fd, connected ? on_ready : on_connecting);
    s->handler = handler;
    s->dirty = s->again = NULL;
    int err = arm(s, connected, !connected);
    if (err < 0) s->io.fd = -1;
    return err;
}

int stream_init(struct stream *s, int fd, const struct stream_handler *handler)
{
    return start(s, fd, handler, true);
}

int stream_connect(struct stream *s, int fd, const struct stream_handler *handler)
{
    return start(s, fd, handler, false);
}

void stream_make_dirty(struct stream *s)
{
    if (!stream_closed(s) && !is_full(s)) to_flush(s);
}

void stream_again(struct stream *s)
{
    if (stream_closed(s) || s->again) return;
    flush_add_again(loop_flush(stream_loop(s)), s);
    loop_touch(stream_loop(s));
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
    if (loop_sys(stream_loop(s))->shutdown(s->io.fd, SHUT_WR) < 0) return -errno;
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
    (void)io_set(stream_loop(s), &s->io, 0);
    flush_forget(loop_flush(stream_loop(s)), s);
    close(s->io.fd);
    s->io.fd = -1;
}
