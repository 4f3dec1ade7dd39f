/* SPDX-License-Identifier: MIT
 *
 * io/stream.h - a connected socket: bytes in on loan, bytes out when the loop flushes
 *
 *      readable -> recv -> on_bytes                         stream_dirty -> (the loop flushes)
 *      end of stream -> on_eof                              on_pull -> one batch -> on_sent
 *      stream_again -> (next turn) on_again                 socket full: EPOLLOUT, then on_pull again
 *
 * A stream is embedded in what owns the connection. Every callback may close its own or any other
 * stream: a closed stream is not called again. Its memory must stay until the turn ends (loop_bury).
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <sys/uio.h>

#include "io/loop.h"

struct stream;

/* One for all streams of a kind on a loop. */
struct stream_handler {
    weft_loop *loop;

    /* Received: on loan until the call returns, and may be changed in place. Once in a turn, at most loop_share
     * bytes; and where on_room gives other places as long as the turn has bytes for them (loop_long_left). */
    void (*on_bytes)(struct stream *s, uint8_t *data, size_t len);

    /* Optional. Before receiving: a better place than the loop's buffer, or NULL; *room, the most that may be
     * received, becomes its size. With *room 0 it is only asked whether there is one. on_bytes is then
     * called with this place. */
    uint8_t *(*on_room)(struct stream *s, size_t *room);

    /* The peer has sent everything. Reading stops; writing may go on. */
    void (*on_eof)(struct stream *s);

    /* The connection is broken; err is -errno, or what on_pull returned. The owner closes the stream. */
    void (*on_error)(struct stream *s, int err);

    /* What there is to write: fill in at most max pieces, return how many; 0 if there is nothing; an
     * error (on_error follows). The bytes must stay where they are until on_sent or the next on_pull. */
    int (*on_pull)(struct stream *s, struct iovec *iov, int max);

    /* The first n bytes of it are gone; n > 0. Whether there is a reason to pull again: if the socket took
     * everything that is done in the same turn (at most FLUSH_ROUNDS times). */
    bool (*on_sent)(struct stream *s, size_t n);

    /* Optional: the socket takes no more, the rest has to wait. */
    void (*on_full)(struct stream *s);

    void (*on_again)(struct stream *s);     /* the turn after stream_again */
    void (*on_connected)(struct stream *s); /* for stream_connect; may be NULL otherwise */
};

/* 40 bytes. */
struct stream {
    struct io io;
    const struct stream_handler *handler;
    struct stream *dirty,
        *again; /* the next in the flush's chains, itself if it is the last; NULL: in none */
};

/* Take over fd, a connected socket, and read from it. Errors: -errno of epoll_ctl (fd is the caller's
 * still). */
int stream_init(struct stream *s, int fd, const struct stream_handler *handler);

void stream_make_dirty(struct stream *s); /* for stream_dirty */

/* A stream that has no socket, and only its turn in the flush: on_pull when it is dirty, which writes nothing
 * itself and returns 0, and on_again. It is paused and closed as any other. */
void stream_init_bare(struct stream *s, const struct stream_handler *handler);

/* Take over fd, a socket that is being connected (sock_connect): on_connected or on_error follows, then
 * it is as above. Errors: as stream_init. */
int stream_connect(struct stream *s, int fd, const struct stream_handler *handler);

/* Something was queued: on_pull is called at the end of the turn, or when the socket has room. */
static inline void stream_dirty(struct stream *s)
{
    if (!s->dirty) stream_make_dirty(s);
}

/* There is held input to go on with: on_again is called at the beginning of the next turn, and nothing is
 * received before that. */
void stream_again(struct stream *s);

/* For the flush: a stream that had more to do has its turn again. */
void stream_go_on(struct stream *s);

/* Whether it should let those go first who wait with it; asked once. */
bool stream_stands_back(struct stream *s);

/* Stop and go on receiving. A broken connection is noticed even so (on_error); the end of the stream is
 * not. After on_eof the stream stays paused; resuming only says on_eof again. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);
bool stream_paused(const struct stream *s);

/* The end of our direction, for the peer to read behind what it was sent. From then on a paused stream
 * hears of the peer's end, too (on_error). 0 or -errno. */
int stream_shutdown_write(struct stream *s);

/* For the flush: the socket is full; go on when it has room. 0 or -errno. */
int stream_want_write(struct stream *s);

/* Closing will be a reset: the peer hears of it at once, and the kernel forgets what it has not sent. */
void stream_will_reset(struct stream *s);

/* Leave the loop and close the descriptor. Twice is harmless. */
void stream_close(struct stream *s);

static inline weft_loop *stream_loop(const struct stream *s)
{
    return s->handler->loop;
}

static inline bool stream_closed(const struct stream *s)
{
    return s->io.fd < 0;
}

#endif
