/* SPDX-License-Identifier: MIT
 *
 * cli/notify.c - datagrams to systemd
 */
#include "cli/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 512 };

/* ---- what is said ---------------------------------------------------------------------------- */

static void say(const struct notify *n, const char *text, size_t len)
{
    ssize_t sent = n->fd < 0 ? 0 : write(n->fd, text, len);
    (void)sent;
}

void notify_tell(const struct notify *n, const char *state, const char *status)
{
    char text[TEXT_MAX];
    int len = status ? snprintf(text, sizeof text, "%s\nSTATUS=%s", state, status)
                     : snprintf(text, sizeof text, "%s", state);
    if (len > 0 && (size_t)len < sizeof text) say(n, text, (size_t)len);
}

/* The moment tells this reload's READY=1 from one that was sent before. */
void notify_reloading(const struct notify *n)
{
    struct timespec now;
    char state[80];
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
             (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    notify_tell(n, state, "reading its settings again");
}

void notify_stopping(const struct notify *n, uint64_t ms, const char *status)
{
    char state[80];
    snprintf(state, sizeof state, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, ms * 1000);
    notify_tell(n, state, status);
}

int notify_send_fd(const struct notify *n, const char *state, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof fd)];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec part = {(void *)(uintptr_t)state, strlen(state)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    if (n->fd < 0) return -ENOTCONN;
    return sendmsg(n->fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* ---- to whom --------------------------------------------------------------------------------- */

/* A path, or "@name" in no file system. */
static int address_of(struct sockaddr_un *a, socklen_t *len, const char *name)
{
    size_t n = strlen(name);
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((*name != '/' && *name != '@') || n < 2 || n >= sizeof a->sun_path) return -EINVAL;
    memcpy(a->sun_path, name, n);
    if (*name == '@') a->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return 0;
}

static int reach(struct notify *n, const char *name)
{
    struct sockaddr_un a;
    socklen_t len;
    int error = address_of(&a, &len, name);
    if (error) return error;
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd < 0) return -errno;
    if (connect(n->fd, (struct sockaddr *)&a, len) == 0) return 0;
    error = -errno;
    close(n->fd);
    n->fd = -1;
    return error;
}

/* ---- the watchdog ---------------------------------------------------------------------------- */

static void feed(weft_timer *timer, void *user)
{
    const struct notify *n = user;
    notify_tell(n, "WATCHDOG=1", NULL);
    weft_timer_start(timer, n->every_ms);
}

static uint64_t number(const char *text)
{
    return text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : 0;
}

/* Half of what it waits, in ms; 0: it does not, or for somebody else. */
static uint64_t feeding_ms(void)
{
    const char *whose = getenv("WATCHDOG_PID");
    if (whose && number(whose) != (uint64_t)getpid()) return 0;
    uint64_t us = number(getenv("WATCHDOG_USEC"));
    return us && us < 2000 ? 1 : us / 2000;
}

static int begin_to_feed(struct notify *n, weft_loop *l)
{
    n->every_ms = feeding_ms();
    if (!n->every_ms) return 0;
    int error = weft_timer_new(&n->watchdog, l, feed, n);
    if (!error) weft_timer_start(n->watchdog, n->every_ms);
    return error;
}

/* ---- life ------------------------------------------------------------------------------------ */

bool notify_wanted(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    return name && *name;
}

int notify_open(struct notify *n, weft_loop *l)
{
    *n = (struct notify){.fd = -1};
    if (!notify_wanted()) return 0;
    int error = reach(n, getenv("NOTIFY_SOCKET"));
    if (!error) error = begin_to_feed(n, l);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return error;
}

void notify_close(struct notify *n)
{
    weft_timer_free(n->watchdog);
    if (n->fd >= 0) close(n->fd);
    *n = (struct notify){.fd = -1};
}
