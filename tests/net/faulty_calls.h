/* SPDX-License-Identifier: MIT
 *
 * tests/net/faulty_calls.h - a table of system calls of which the Nth of one kind fails
 *
 *      fault = (struct fault){CALL_recv, .nth = 2, .error = ECONNRESET};
 *      use_faulty_calls(&world.sys);
 *
 * fault.seen counts the calls of that kind; CALL_NONE lets all of them through.
 */
#ifndef NET_FAULTY_CALLS_H
#define NET_FAULTY_CALLS_H

#include "world.h"

/* X(name, result type, parameters, arguments) */
#define CALLS(X)                                                                               \
    X(socket, int, (int d, int t, int p), (d, t, p))                                           \
    X(bind, int, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))                  \
    X(listen, int, (int fd, int n), (fd, n))                                                   \
    X(connect, int, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))               \
    X(accept4, int, (int fd, struct sockaddr *a, socklen_t *n, int f), (fd, a, n, f))          \
    X(recv, ssize_t, (int fd, void *p, size_t n, int f), (fd, p, n, f))                        \
    X(send, ssize_t, (int fd, const void *p, size_t n, int f), (fd, p, n, f))                  \
    X(sendmsg, ssize_t, (int fd, const struct msghdr *m, int f), (fd, m, f))                   \
    X(shutdown, int, (int fd, int how), (fd, how))                                             \
    X(getsockopt, int, (int fd, int l, int o, void *p, socklen_t *n), (fd, l, o, p, n))        \
    X(setsockopt, int, (int fd, int l, int o, const void *p, socklen_t n), (fd, l, o, p, n))   \
    X(getsockname, int, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))                \
    X(getpeername, int, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))                \
    X(fcntl, int, (int fd, int c, int v), (fd, c, v))                                          \
    X(epoll_create1, int, (int f), (f))                                                        \
    X(epoll_ctl, int, (int ep, int op, int fd, struct epoll_event *e), (ep, op, fd, e))        \
    X(epoll_wait, int, (int ep, struct epoll_event *e, int n, int ms), (ep, e, n, ms))         \
    X(eventfd, int, (unsigned n, int f), (n, f))                                               \
    X(timerfd_create, int, (int c, int f), (c, f))                                             \
    X(timerfd_settime, int, (int fd, int f, const struct itimerspec *w, struct itimerspec *o), \
      (fd, f, w, o))                                                                           \
    X(open, int, (const char *p, int f), (p, f))                                               \
    X(openat, int, (int d, const char *p, int f), (d, p, f))                                   \
    X(openat2, int, (int d, const char *p, struct open_how *h), (d, p, h))                     \
    X(fstat, int, (int fd, struct stat *s), (fd, s))                                           \
    X(lstat, int, (const char *p, struct stat *s), (p, s))                                     \
    X(fstatat, int, (int d, const char *p, struct stat *s, int f), (d, p, s, f))               \
    X(pread, ssize_t, (int fd, void *p, size_t n, off_t o), (fd, p, n, o))                     \
    X(unlink, int, (const char *p), (p))                                                       \
    X(unlinkat, int, (int d, const char *p, int f), (d, p, f))                                 \
    X(chmod, int, (const char *p, mode_t m), (p, m))

enum call {
#define CALL_ENUM(name, type, parameters, arguments) CALL_##name,
    CALLS(CALL_ENUM)
#undef CALL_ENUM
        CALL_NONE
};

static struct fault {
    enum call call;
    int nth, error;
    int seen;
} fault = {.call = CALL_NONE};

static bool fails(enum call call)
{
    if (call != fault.call || fault.seen++ != fault.nth) return false;
    errno = fault.error;
    return true;
}

#define CALL_WRAPPER(name, type, parameters, arguments)           \
    static type faulty_##name parameters                          \
    {                                                             \
        return fails(CALL_##name) ? -1 : sys_real.name arguments; \
    }
CALLS(CALL_WRAPPER)
#undef CALL_WRAPPER

static void use_faulty_calls(struct sys *sys)
{
#define CALL_USE(name, type, parameters, arguments) sys->name = faulty_##name;
    CALLS(CALL_USE)
#undef CALL_USE
}

#endif
