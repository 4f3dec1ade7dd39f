/* SPDX-License-Identifier: MIT
 *
 * cli/signals.c - SIGINT and SIGTERM as events of the loop; SIGPIPE never
 *
 * The signals are blocked and read from a signalfd, so that what they lead to runs between other
 * events, not in the middle of one.
 */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_ready(weft_watch *w, unsigned events, void *user)
{
    (void)w;
    (void)events;
    struct signals *s = user;
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof info) == sizeof info) s->on_signal(s->user);
}

int signals_init(struct signals *s, weft_loop *l, void (*on_signal)(void *user), void *user)
{
    *s = (struct signals){.fd = -1, .on_signal = on_signal, .user = user};
    signal(SIGPIPE, SIG_IGN);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
    s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->fd < 0) return -errno;
    return weft_watch_new(&s->watch, l, s->fd, WEFT_READABLE, on_ready, s);
}

void signals_deinit(struct signals *s)
{
    if (!s->on_signal) return;
    weft_watch_free(s->watch);
    if (s->fd >= 0) close(s->fd);
}
