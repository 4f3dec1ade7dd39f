/* SPDX-License-Identifier: MIT
 *
 * io/duplex.h - a connected socket: bytes in on loan, bytes out when the loop flushes
 *
 *      readable -> recv -> on_bytes                         duplex_dirty -> (the loop flushes)
 *      end of stream -> on_eof                              on_pull -> one batch -> on_sent
 *      duplex_again -> (next turn) on_again                 socket full: EPOLLOUT, then on_pull again
 *
 * A duplex is embedded in what owns the connection. Every callback may close its own or any other
 * duplex: a closed duplex is not called again. Its memory must stay until the turn ends (loop_bury).
 */
#ifndef IO_DUPLEX_H
#define IO_DUPLEX_H

#include <sys/uio.h>

#include "io/loop.h"

struct duplex;

/* One for all duplexes of a class on a loop. */
struct duplex_handler {
    weft_loop *loop;

    /* Received: on loan until the call returns, and may be changed in place. Once in a turn, at most loop_quota
     * bytes; and where on_room gives other places as long as the turn has bytes for them (loop_long_left). */
    void (*on_bytes)(struct duplex *d, uint8_t *data, size_t len);

    /* Optional. Before receiving: a better place than the loop's buffer, or NULL; *room, the most that may be
     * received, becomes its size. With *room 0 it is only asked whether there is one. on_bytes is then
     * called with this place. */
    uint8_t *(*on_room)(struct duplex *d, size_t *room);

    /* The peer has sent everything. Reading stops; writing may go on. */
    void (*on_eof)(struct duplex *d);

    /* The connection is broken; err is -errno, or what on_pull returned. The owner closes the duplex. */
    void (*on_error)(struct duplex *d, int err);

    /* What there is to write: fill in at most max pieces, return how many; 0 if there is nothing; an
     * error (on_error follows). The bytes must stay where they are until on_sent or the next on_pull. */
    int (*on_pull)(struct duplex *d, struct iovec *iov, int max);

    /* The first n bytes of it are gone; n > 0. Whether there is a reason to pull again: if the socket took
     * everything that is done in the same turn (at most FLUSH_ROUNDS times). */
    bool (*on_sent)(struct duplex *d, size_t n);

    /* Optional: the socket takes no more, the rest has to wait. */
    void (*on_full)(struct duplex *d);

    void (*on_again)(struct duplex *d);     /* the turn after duplex_again */
    void (*on_connected)(struct duplex *d); /* for duplex_connect; may be NULL otherwise */
};

/* 40 bytes. */
struct duplex {
    struct io io;
    const struct duplex_handler *handler;
    struct duplex *dirty,
        *again; /* the next in the flush's chains, itself if it is the last; NULL: in none */
};

/* Take over fd, a connected socket, and read from it. Errors: -errno of epoll_ctl (fd is the caller's
 * still). */
int duplex_init(struct duplex *d, int fd, const struct duplex_handler *handler);

void duplex_make_dirty(struct duplex *d); /* for duplex_dirty */

/* A duplex that has no socket, and only its turn in the flush: on_pull when it is dirty, which writes nothing
 * itself and returns 0, and on_again. It is paused and closed as any other. */
void duplex_init_bare(struct duplex *d, const struct duplex_handler *handler);

/* Take over fd, a socket that is being connected (sock_connect): on_connected or on_error follows, then
 * it is as above. Errors: as duplex_init. */
int duplex_connect(struct duplex *d, int fd, const struct duplex_handler *handler);

/* Something was queued: on_pull is called at the end of the turn, or when the socket has room. */
static inline void duplex_dirty(struct duplex *d)
{
    if (!d->dirty) duplex_make_dirty(d);
}

/* There is unread input to go on with: on_again is called at the beginning of the next turn, and nothing is
 * received before that. */
void duplex_again(struct duplex *d);

/* What it does costs more than its bytes say: when it is ready next, it waits in line (flush.h). Holds until it
 * receives something, so to be said when that is done. */
void duplex_busy(struct duplex *d);

/* For the flush: a duplex that had more to do has its turn again. */
void duplex_go_on(struct duplex *d);

/* Whether it should let those go first who wait with it; asked once. */
bool duplex_stands_back(struct duplex *d);

/* Stop and go on receiving. A broken connection is noticed even so (on_error); the end of the stream, too, when
 * nothing lies before it: else it is found after resuming. After on_eof the duplex stays paused; resuming only says
 * on_eof again. */
void duplex_pause(struct duplex *d);
void duplex_resume(struct duplex *d);
bool duplex_paused(const struct duplex *d);

/* The end of our direction, for the peer to read behind what it was sent. From then on a paused duplex
 * hears of the peer's end, too (on_error). 0 or -errno. */
int duplex_shutdown_write(struct duplex *d);

/* For the flush: the socket is full; go on when it has room. 0 or -errno. */
int duplex_want_write(struct duplex *d);

/* Closing will be a reset: the peer hears of it at once, and the kernel forgets what it has not sent. */
void duplex_will_reset(struct duplex *d);

/* Leave the loop and close the descriptor. Twice is harmless. */
void duplex_close(struct duplex *d);

static inline weft_loop *duplex_loop(const struct duplex *d)
{
    return d->handler->loop;
}

static inline bool duplex_closed(const struct duplex *d)
{
    return d->io.fd < 0;
}

#endif
