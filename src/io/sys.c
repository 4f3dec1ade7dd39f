/* SPDX-License-Identifier: MIT
 *
 * io/sys.c - the real system calls
 *
 * Wrapped are those whose C declarations are variadic, or use unions in place of struct sockaddr.
 */
#include "io/sys.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int real_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    return bind(fd, addr, len);
}

static int real_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    return accept4(fd, addr, len, flags);
}

static int real_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    return connect(fd, addr, len);
}

static int real_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    return getsockname(fd, addr, len);
}

static int real_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    return getpeername(fd, addr, len);
}

static int real_fcntl(int fd, int command, int value)
{
    return fcntl(fd, command, value);
}

static int real_open(const char *path, int flags)
{
    return open(path, flags);
}

static int real_openat(int dir, const char *path, int flags)
{
    return openat(dir, path, flags);
}

static int real_openat2(int dir, const char *path, struct open_how *how)
{
    return (int)syscall(SYS_openat2, dir, path, how, sizeof *how);
}

static int real_epoll_pwait2(int epfd, struct epoll_event *events, int max,
                             const struct __kernel_timespec *timeout)
{
    return (int)syscall(SYS_epoll_pwait2, epfd, events, max, timeout, NULL, 0);
}

const struct sys sys_real = {
    .socket = socket,
    .bind = real_bind,
    .listen = listen,
    .accept4 = real_accept4,
    .connect = real_connect,
    .recv = recv,
    .send = send,
    .sendmsg = sendmsg,
    .shutdown = shutdown,
    .getsockopt = getsockopt,
    .setsockopt = setsockopt,
    .getsockname = real_getsockname,
    .getpeername = real_getpeername,
    .fcntl = real_fcntl,
    .getaddrinfo = getaddrinfo,
    .freeaddrinfo = freeaddrinfo,
    .epoll_create1 = epoll_create1,
    .epoll_ctl = epoll_ctl,
    .epoll_wait = epoll_wait,
    .epoll_pwait2 = real_epoll_pwait2,
    .eventfd = eventfd,
    .timerfd_create = timerfd_create,
    .timerfd_settime = timerfd_settime,
    .ring_init = ring_init_real,
    .ring_submit = ring_submit_real,
    .open = real_open,
    .openat = real_openat,
    .openat2 = real_openat2,
    .fstat = fstat,
    .lstat = lstat,
    .fstatat = fstatat,
    .pread = pread,
    .unlink = unlink,
    .unlinkat = unlinkat,
    .chmod = chmod,
};
