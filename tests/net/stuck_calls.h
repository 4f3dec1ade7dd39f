/* SPDX-License-Identifier: MIT
 *
 * tests/net/stuck_calls.h - system calls on which nothing moves: sockets that are full for as long as the
 * test says, and connections that nobody answers
 */
#ifndef NET_STUCK_CALLS_H
#define NET_STUCK_CALLS_H

#include "world.h"

/* ---- sends ----------------------------------------------------------------------------------- */

static bool socket_is_full; /* each of them */

static inline ssize_t full_send(int fd, const void *data, size_t len, int flags)
{
    if (!socket_is_full) return send(fd, data, len, flags);
    errno = EAGAIN;
    return -1;
}

static inline ssize_t full_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    if (!socket_is_full) return sendmsg(fd, msg, flags);
    errno = EAGAIN;
    return -1;
}

/* Who waits for room: the kernel does not know that they were full, so it would not say when they are not. */
static struct waiting {
    int epfd, fd;
    struct epoll_event event;
} waiting[64];
static size_t n_waiting;

static inline int full_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    if (op == EPOLL_CTL_MOD && event->events & EPOLLOUT && socket_is_full) {
        assert_true(n_waiting < 64);
        waiting[n_waiting++] = (struct waiting){epfd, fd, *event};
        event->events &= ~(uint32_t)EPOLLOUT;
    }
    return epoll_ctl(epfd, op, fd, event);
}

/* From now on sockets are full when socket_is_full, and at first they are this. */
static inline void use_full_sockets(struct sys *sys, bool full)
{
    socket_is_full = full;
    n_waiting = 0;
    sys->send = full_send;
    sys->sendmsg = full_sendmsg;
    sys->epoll_ctl = full_epoll_ctl;
}

/* There is room, and those who wait are told. */
static inline void make_room(void)
{
    socket_is_full = false;
    for (size_t i = 0; i < n_waiting; i++) /* some may have been closed */
        (void)epoll_ctl(waiting[i].epfd, EPOLL_CTL_MOD, waiting[i].fd, &waiting[i].event);
    n_waiting = 0;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static inline int slow_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    (void)fd, (void)addr, (void)len;
    errno = EINPROGRESS;
    return -1;
}

/* As if nothing ever happened on a TCP socket. */
static inline int deaf_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    int domain = 0;
    socklen_t len = sizeof domain;
    bool is_tcp = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_INET;
    return is_tcp ? 0 : epoll_ctl(epfd, op, fd, event);
}

static inline void use_unanswered_connects(struct sys *sys)
{
    sys->connect = slow_connect;
    sys->epoll_ctl = deaf_epoll_ctl;
}

#endif
