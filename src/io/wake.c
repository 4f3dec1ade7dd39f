/* SPDX-License-Identifier: MIT
 *
 * io/wake.c - an eventfd and a timerfd
 */
#include "io/wake.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"

/* ---- life ------------------------------------------------------------------------------------ */

void wake_init(struct wake *w, const struct sys *sys, const weft_env *env)
{
    *w = (struct wake){.sys = sys, .env = env, .event = -1, .alarm = -1, .at = WEFT_NEVER};
}

int wake_open_event(struct wake *w)
{
    w->event = w->sys->eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return w->event < 0 ? -errno : 0;
}

int wake_open_alarm(struct wake *w)
{
    w->alarm = w->sys->timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return w->alarm < 0 ? -errno : 0;
}

void wake_close_alarm(struct wake *w)
{
    if (w->alarm >= 0) close(w->alarm);
    w->alarm = -1;
}

void wake_close(struct wake *w)
{
    wake_close_alarm(w);
    if (w->event >= 0) close(w->event);
    w->event = -1;
}

/* ---- to wake --------------------------------------------------------------------------------- */

/* An eventfd's write fails only when it is readable anyway. */
void wake_kick(const struct wake *w)
{
    int saved = errno;
    uint64_t one = 1;
    (void)!write(w->event, &one, sizeof one);
    errno = saved;
}

static struct timespec relative(uint64_t from, uint64_t to)
{
    uint64_t us = to > from ? to - from : 1; /* zero would disarm it */
    return (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};
}

void wake_at(struct wake *w, uint64_t us)
{
    struct itimerspec when = {0};
    if (us == w->at) return;
    if (us != WEFT_NEVER) when.it_value = relative(env_now_us(w->env), us);
    w->sys->timerfd_settime(w->alarm, 0, &when, NULL);
    w->at = us;
}

/* ---- to be awake ----------------------------------------------------------------------------- */

static void clear(int fd)
{
    uint64_t count;
    (void)!read(fd, &count, sizeof count);
}

void wake_heard_event(const struct wake *w)
{
    clear(w->event);
}

void wake_heard_alarm(struct wake *w)
{
    clear(w->alarm);
    w->at = WEFT_NEVER;
}
