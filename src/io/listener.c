/* SPDX-License-Identifier: MIT
 *
 * io/listener.c - accept, shed, rest
 */
#include "io/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LONGEST_REST = 10 }; /* times the first one */

static int accept_one(struct listener *ln, struct sock_addr *peer)
{
    *peer = (struct sock_addr){.len = sizeof *peer - offsetof(struct sock_addr, sa)};
    const struct sys *sys = loop_sys(ln->loop);
    int fd = sys->accept4(ln->io.fd, &peer->sa, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The trouble of one connection, which is gone from the queue; the next may be well (accept(2)). */
static bool is_passing(int err)
{
    switch (-err) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP: return true;
    default: return false;
    }
}

static void open_spare(struct listener *ln)
{
    ln->spare = loop_sys(ln->loop)->open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void close_spare(struct listener *ln)
{
    if (ln->spare >= 0) close(ln->spare);
    ln->spare = -1;
}

/* Tell one who waits that there is no room. Whether there was one. */
static bool shed_one(struct listener *ln)
{
    if (ln->spare < 0) return false;
    close_spare(ln);
    struct sock_addr peer;
    int fd = accept_one(ln, &peer);
    if (fd >= 0) close(fd);
    open_spare(ln);
    return fd >= 0;
}

void listener_rest(struct listener *ln, uint64_t ms)
{
    ln->rests = true;
    (void)io_set(ln->loop, &ln->io, 0);
    loop_timer_start(ln->loop, &ln->rest, ms);
}

static void rest(struct listener *ln)
{
    listener_rest(ln, ln->pause);
    uint64_t longest = ln->backoff * LONGEST_REST;
    ln->pause = ln->pause * 2 < longest ? ln->pause * 2 : longest;
}

static void on_rested(struct timer *t)
{
    struct listener *ln = container_of(t, struct listener, rest);
    ln->rests = false;
    if (ln->spare < 0) open_spare(ln);
    if (io_set(ln->loop, &ln->io, EPOLLIN) < 0) rest(ln);
}

static void shed_and_rest(struct listener *ln)
{
    for (unsigned i = 0; i < ln->batch && shed_one(ln); i++) continue;
    rest(ln);
}

static void hand_over(struct listener *ln, int fd, const struct sock_addr *peer)
{
    ln->pause = ln->backoff;
    ln->on_accept(ln, fd, peer);
}

static void on_ready(struct io *io, uint32_t events)
{
    (void)events;
    struct listener *ln = container_of(io, struct listener, io);
    for (unsigned i = 0; i < ln->batch && io->fd >= 0 && !ln->rests; i++) {
        struct sock_addr peer;
        int fd = accept_one(ln, &peer);
        if (fd == -EAGAIN) return;
        if (fd >= 0) hand_over(ln, fd, &peer);
        else if (!is_passing(fd)) return shed_and_rest(ln);
    }
}

void listener_init(struct listener *ln, weft_loop *l, unsigned batch, uint64_t backoff_ms,
                   void (*on_accept)(struct listener *ln, int fd, const struct sock_addr *peer))
{
    *ln = (struct listener){
        .loop = l,
        .batch = batch,
        .backoff = backoff_ms,
        .pause = backoff_ms,
        .spare = -1,
        .on_accept = on_accept,
    };
    timer_init(&ln->rest, on_rested);
    io_init(&ln->io, -1, on_ready);
    socket_file_none(&ln->file);
}

/* fd is ours from here on, if that goes well. */
static int start(struct listener *ln, int fd)
{
    ln->io.fd = fd;
    int err = io_set(ln->loop, &ln->io, EPOLLIN);
    if (err < 0) ln->io.fd = -1;
    else open_spare(ln);
    return err;
}

int listener_open(struct listener *ln, const struct sock_addr *address, unsigned mode)
{
    const struct sys *sys = loop_sys(ln->loop);
    int fd = sock_listen(sys, address, mode);
    if (fd < 0) return fd;
    int err = socket_file_note(&ln->file, sys, address);
    if (!err) err = start(ln, fd);
    if (!err) return 0;
    socket_file_remove(&ln->file, sys);
    close(fd);
    return err;
}

int listener_adopt(struct listener *ln, int fd)
{
    int err = sock_adopt_listening(loop_sys(ln->loop), fd);
    return err ? err : start(ln, fd);
}

void listener_close(struct listener *ln)
{
    if (ln->io.fd < 0) return;
    socket_file_remove(&ln->file, loop_sys(ln->loop));
    (void)io_set(ln->loop, &ln->io, 0);
    loop_timer_stop(ln->loop, &ln->rest);
    close_spare(ln);
    close(ln->io.fd);
    ln->io.fd = -1;
}

int listener_address(const struct listener *ln, struct sock_addr *out)
{
    return sock_local(loop_sys(ln->loop), ln->io.fd, out);
}
