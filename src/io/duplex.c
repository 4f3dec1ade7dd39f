/* SPDX-License-Identifier: MIT
 *
 * io/duplex.c - a connected socket
 *
 * epoll is edge-triggered: it says when something has become so, and what is so is remembered here, in bits:
 *
 *      READABLE    there may be bytes. A read that leaves room in its buffer has emptied the socket
 *      ENDING      the end, or a break, lies behind them: only a read that finds it is the last
 *      FULL        the flush leaves the duplex alone until there is room
 *      PAUSED      nothing is received; a break is heard even so, and an end with nothing before it (peeked)
 *      HELD        on_again is due, before anything is received
 *      SPENT       it had the last of what there was for long messages: others come first
 *      BUSY        its last turn brought much, or cost much: it waits in line (flush.h) when it is ready
 *      TOLD        the owner knows of the end
 *
 * So pausing takes no system call. Who is READABLE after his quota of a turn goes on in the next one, behind
 * those who wait already (the flush's chain again).
 *
 * While it is being connected it is paused and full, and io.on_ready is another function.
 */
#include "io/duplex.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "io/flush.h"

enum { NO_SOCKET = INT_MAX, MUCH = 4096 };

enum {
    READABLE = 1,
    ENDING = 2,
    FULL = 4,
    PAUSED = 8,
    HELD = 16,
    SPENT = 32,
    BUSY = 64,
    TOLD = 128
};

static const uint32_t READING = (uint32_t)EPOLLIN | (uint32_t)EPOLLRDHUP | (uint32_t)EPOLLET;

static void set(struct duplex *d, unsigned bits)
{
    d->io.bits |= (uint8_t)bits;
}

static void clear(struct duplex *d, unsigned bits)
{
    d->io.bits &= (uint8_t)~bits;
}

static bool is(const struct duplex *d, unsigned bit)
{
    return d->io.bits & bit;
}

bool duplex_paused(const struct duplex *d)
{
    return is(d, PAUSED);
}

/* 0 or -errno: why the connection is broken. */
static int socket_error(const struct duplex *d)
{
    int err = 0;
    socklen_t len = sizeof err;
    if (loop_sys(duplex_loop(d))->getsockopt(d->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        return -errno;
    return -err;
}

static void to_flush(struct duplex *d)
{
    if (d->dirty) return;
    flush_add_dirty(loop_flush(duplex_loop(d)), d);
    loop_touch(duplex_loop(d));
}

static void to_again(struct duplex *d)
{
    if (d->again) return;
    flush_add_again(loop_flush(duplex_loop(d)), d);
    loop_touch(duplex_loop(d));
}

/* ---- receiving ------------------------------------------------------------------------------- */

static bool is_reading(const struct duplex *d)
{
    return (d->io.bits & (READABLE | PAUSED | HELD)) == READABLE && !duplex_closed(d);
}

static void got_bytes(struct duplex *d, uint8_t *data, size_t n, size_t room)
{
    if (n < room && !is(d, ENDING)) clear(d, READABLE);
    if (n < MUCH) clear(d, BUSY);
    else set(d, BUSY);
    d->handler->on_bytes(d, data, n);
}

/* Reading stops. */
static void tell_end(struct duplex *d)
{
    set(d, PAUSED | TOLD);
    d->handler->on_eof(d);
}

/* How many bytes came into data. */
static size_t receive_into(struct duplex *d, uint8_t *data, size_t room)
{
    ssize_t n = loop_sys(duplex_loop(d))->recv(d->io.fd, data, room, 0);
    if (n > 0) {
        loop_received(duplex_loop(d), (size_t)n);
        got_bytes(d, data, (size_t)n, room);
    } else if (n == 0) {
        tell_end(d);
    } else if (errno == EAGAIN) {
        clear(d, READABLE);
    } else if (errno != EINTR) {
        d->handler->on_error(d, -errno);
    }
    return n > 0 ? (size_t)n : 0;
}

/* NULL: none, or nothing is to be received. */
static uint8_t *better_place(struct duplex *d, size_t *room)
{
    *room = loop_long_left(duplex_loop(d));
    return is_reading(d) && d->handler->on_room ? d->handler->on_room(d, room) : NULL;
}

/* Into better places as long as they are filled, and nothing when others have used up the turn. Whether there
 * was such a place. */
static bool receive_long(struct duplex *d)
{
    size_t room;
    uint8_t *data = better_place(d, &room);
    if (!data) return false;
    while (data && room) {
        size_t got = receive_into(d, data, room);
        loop_take_long(duplex_loop(d), got);
        if (!loop_long_left(duplex_loop(d))) set(d, SPENT);
        data = got == room ? better_place(d, &room) : NULL;
    }
    return true;
}

/* The beginning of a long message has no better place; the rest follows at once. */
static void receive(struct duplex *d)
{
    size_t room = loop_quota(duplex_loop(d));
    if (!receive_long(d) && receive_into(d, loop_buffer(duplex_loop(d)), room) == room)
        (void)receive_long(d);
    if (is_reading(d)) to_again(d);
}

/* It is paused, and there is an end: perhaps with nothing before it that is still to be received. */
static void look_for_end(struct duplex *d)
{
    uint8_t byte;
    ssize_t n = loop_sys(duplex_loop(d))->recv(d->io.fd, &byte, 1, MSG_PEEK);
    if (n == 0) tell_end(d);
    else if (n < 0 && errno != EAGAIN && errno != EINTR) d->handler->on_error(d, -errno);
}

static bool may_find_end(const struct duplex *d)
{
    return (d->io.bits & (PAUSED | ENDING | HELD | TOLD)) == (PAUSED | ENDING) && !duplex_closed(d);
}

bool duplex_stands_back(struct duplex *d)
{
    bool spent = is(d, SPENT);
    clear(d, SPENT);
    return spent;
}

void duplex_go_on(struct duplex *d)
{
    if (is(d, HELD)) {
        clear(d, HELD);
        d->handler->on_again(d);
    }
    if (is_reading(d)) receive(d);
    else if (may_find_end(d)) look_for_end(d);
}

void duplex_busy(struct duplex *d)
{
    set(d, BUSY);
}

/* Somebody quick has his turn before the line, however long that is. */
static void take_turn(struct duplex *d)
{
    if (is(d, BUSY)) flush_add_line(loop_flush(duplex_loop(d)), d);
    else receive(d);
}

/* ---- what the kernel says -------------------------------------------------------------------- */

static void notice_error(struct duplex *d)
{
    int err = socket_error(d);
    if (err < 0) d->handler->on_error(d, err);
}

static void remember(struct duplex *d, uint32_t events)
{
    const uint32_t ends = (uint32_t)EPOLLRDHUP | (uint32_t)EPOLLHUP | (uint32_t)EPOLLERR;
    if (events & ((uint32_t)EPOLLIN | ends)) set(d, READABLE);
    if (events & ends) set(d, ENDING);
    if (!(events & (uint32_t)EPOLLOUT) || !is(d, FULL)) return;
    clear(d, FULL);
    to_flush(d);
}

static void on_ready(struct io *io, uint32_t events)
{
    struct duplex *d = container_of(io, struct duplex, io);
    remember(d, events);
    if (is(d, PAUSED) && events & (uint32_t)EPOLLERR) notice_error(d);
    else if (d->again) return;
    else if (is_reading(d)) take_turn(d);
    else if (may_find_end(d)) look_for_end(d);
}

/* We have said our last word; a hang-up now means that nothing more can go either way. */
static void on_ready_shut(struct io *io, uint32_t events)
{
    struct duplex *d = container_of(io, struct duplex, io);
    if (is(d, PAUSED) && events & (uint32_t)EPOLLHUP) d->handler->on_error(d, -ECONNRESET);
    else on_ready(io, events);
}

static void on_connecting(struct io *io, uint32_t events)
{
    struct duplex *d = container_of(io, struct duplex, io);
    int err = socket_error(d);
    if (err < 0) {
        d->handler->on_error(d, err);
        return;
    }
    d->io.on_ready = on_ready;
    clear(d, PAUSED | FULL);
    remember(d, events);
    if (is_reading(d)) to_again(d);
    d->handler->on_connected(d);
}

static int start(struct duplex *d, int fd, const struct duplex_handler *handler, bool connected)
{
    io_init(&d->io, fd, connected ? on_ready : on_connecting);
    d->handler = handler;
    d->dirty = d->again = NULL;
    set(d, connected ? BUSY : PAUSED | FULL); /* of a stranger we do not know whether he is quick */
    int err = io_set(duplex_loop(d), &d->io, connected ? READING : READING | (uint32_t)EPOLLOUT);
    if (err < 0) d->io.fd = -1;
    return err;
}

int duplex_init(struct duplex *d, int fd, const struct duplex_handler *handler)
{
    return start(d, fd, handler, true);
}

void duplex_init_bare(struct duplex *d, const struct duplex_handler *handler)
{
    io_init(&d->io, NO_SOCKET, NULL);
    d->handler = handler;
    d->dirty = d->again = NULL;
}

int duplex_connect(struct duplex *d, int fd, const struct duplex_handler *handler)
{
    return start(d, fd, handler, false);
}

/* ---- what the owner says --------------------------------------------------------------------- */

void duplex_make_dirty(struct duplex *d)
{
    if (!duplex_closed(d) && !is(d, FULL)) to_flush(d);
}

void duplex_again(struct duplex *d)
{
    if (duplex_closed(d)) return;
    set(d, HELD | BUSY);
    to_again(d);
}

void duplex_pause(struct duplex *d)
{
    set(d, PAUSED);
    if (may_find_end(d)) to_again(d);
}

void duplex_resume(struct duplex *d)
{
    if (duplex_closed(d) || d->io.on_ready == on_connecting) return;
    clear(d, PAUSED | TOLD);
    if (is_reading(d)) to_again(d);
}

int duplex_shutdown_write(struct duplex *d)
{
    if (duplex_closed(d)) return -ENOTCONN;
    if (loop_sys(duplex_loop(d))->shutdown(d->io.fd, SHUT_WR) < 0) return -errno;
    d->io.on_ready = on_ready_shut;
    return 0;
}

/* EPOLLOUT stays armed from then on: it is said only when room comes after none. */
int duplex_want_write(struct duplex *d)
{
    set(d, FULL);
    return io_arm(duplex_loop(d), &d->io, READING | (uint32_t)EPOLLOUT);
}

void duplex_will_reset(struct duplex *d)
{
    struct linger at_once = {.l_onoff = 1};
    if (duplex_closed(d)) return;
    (void)loop_sys(duplex_loop(d))
        ->setsockopt(d->io.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void duplex_close(struct duplex *d)
{
    if (duplex_closed(d)) return;
    (void)io_set(duplex_loop(d), &d->io, 0);
    flush_forget(loop_flush(duplex_loop(d)), d);
    if (d->io.fd != NO_SOCKET) close(d->io.fd);
    d->io.fd = -1;
}
