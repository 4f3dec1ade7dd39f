/* SPDX-License-Identifier: MIT
 *
 * io/sys.h - the one table of system calls
 *
 * Every call to the kernel (and to the resolver) goes through a struct sys that the loop holds, so that
 * a test can copy sys_real, replace a few entries, and make each of them fail with each errno. The
 * entries mean exactly what the functions of the same name mean: -1 and errno.
 *
 * Made directly are close(), where an error leaves nothing to do, and the read and write of an eventfd
 * or timerfd of ours, which cannot fail.
 */
#ifndef IO_SYS_H
#define IO_SYS_H

#include <linux/openat2.h>
#include <linux/time_types.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/types.h>

struct io_uring;

struct sys {
    int (*socket)(int domain, int type, int protocol);
    int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
    int (*listen)(int fd, int backlog);
    int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags);
    int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
    ssize_t (*recv)(int fd, void *data, size_t len, int flags);
    ssize_t (*send)(int fd, const void *data, size_t len, int flags);
    ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
    int (*shutdown)(int fd, int how);
    int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *len);
    int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t len);
    int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
    int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *len);
    int (*fcntl)(int fd, int command, int value);
    int (*getaddrinfo)(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out);
    void (*freeaddrinfo)(struct addrinfo *list);

    int (*epoll_create1)(int flags);
    int (*epoll_ctl)(int epfd, int op, int fd, struct epoll_event *event);
    int (*epoll_wait)(int epfd, struct epoll_event *events, int max, int timeout_ms);
    int (*epoll_pwait2)(int epfd, struct epoll_event *events, int max,
                        const struct __kernel_timespec *timeout); /* without signals */
    int (*eventfd)(unsigned start, int flags);
    int (*timerfd_create)(int clock, int flags);
    int (*timerfd_settime)(int fd, int flags, const struct itimerspec *when,
                           struct itimerspec *old);

    /* liburing's io_uring_queue_init and io_uring_submit, which return -errno; -ENOSYS without it. */
    int (*ring_init)(unsigned entries, struct io_uring *uring, unsigned flags);
    int (*ring_submit)(struct io_uring *uring);

    int (*open)(const char *path, int flags);
    int (*openat)(int dir, const char *path, int flags);
    int (*openat2)(int dir, const char *path, struct open_how *how);
    int (*fstat)(int fd, struct stat *out);
    int (*lstat)(const char *path, struct stat *out);
    int (*fstatat)(int dir, const char *path, struct stat *out, int flags);
    ssize_t (*pread)(int fd, void *data, size_t len, off_t offset);
    int (*unlink)(const char *path);
    int (*unlinkat)(int dir, const char *path, int flags);
    int (*chmod)(const char *path, mode_t mode);
};

extern const struct sys sys_real;

/* batch_ring.c or batch_ring_none.c */
int ring_init_real(unsigned entries, struct io_uring *uring, unsigned flags);
int ring_submit_real(struct io_uring *uring);

#endif
