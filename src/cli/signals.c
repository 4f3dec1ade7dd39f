/* SPDX-License-Identifier: MIT
 *
 * cli/signals.c - SIGINT, SIGTERM and perhaps SIGHUP, SIGCONT as events of the loop; SIGPIPE never
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
    if (read(s->fd, &info, sizeof info) != sizeof info) return;
    s->number = (int)info.ssi_signo;
    if (info.ssi_signo == SIGHUP) s->on_hangup(s->user);
    else if (info.ssi_signo == SIGCONT) s->on_continue();
    else s->on_signal(s->user);
}

/* Make the descriptor, or let it know of one more. */
static int listen_to(struct signals *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (s->on_hangup) sigaddset(&set, SIGHUP);
    if (s->on_continue) sigaddset(&set, SIGCONT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
    s->fd = signalfd(s->fd, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return s->fd < 0 ? -errno : 0;
}

int signals_init(struct signals *s, weft_loop *l, void (*on_signal)(void *user), void *user)
{
    *s = (struct signals){.fd = -1, .on_signal = on_signal, .user = user};
    signal(SIGPIPE, SIG_IGN);

    int error = listen_to(s);
    if (error) return error;
    return weft_watch_new(&s->watch, l, s->fd, WEFT_READABLE, on_ready, s);
}

int signals_add_hangup(struct signals *s, void (*on_hangup)(void *user))
{
    s->on_hangup = on_hangup;
    return listen_to(s);
}

int signals_add_continue(struct signals *s, void (*on_continue)(void))
{
    s->on_continue = on_continue;
    return listen_to(s);
}

void signals_deinit(struct signals *s)
{
    if (!s->on_signal) return;
    weft_watch_free(s->watch);
    if (s->fd >= 0) close(s->fd);
}
