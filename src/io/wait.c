/* SPDX-License-Identifier: MIT
 *
 * io/wait.c - how long, and by which call
 */
#include "io/wait.h"

#include <errno.h>
#include <limits.h>

#include "base/env.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000 };

static uint64_t until(uint64_t due, uint64_t now)
{
    return due == WEFT_NEVER ? WEFT_NEVER : due > now ? due - now : 0;
}

static uint64_t whole_ms(uint64_t us)
{
    return us > WEFT_NEVER - US_PER_MS ? WEFT_NEVER : (us + US_PER_MS - 1) / US_PER_MS * US_PER_MS;
}

/* Whole milliseconds, if nothing exact is nearer. */
static uint64_t patience_us(const struct wait *w, const struct due *due, int timeout_ms)
{
    uint64_t most = timeout_ms < 0 ? WEFT_NEVER : (uint64_t)timeout_ms * US_PER_MS;
    if (!most || (due->wheel == WEFT_NEVER && due->exact == WEFT_NEVER)) return most;
    uint64_t now = env_now_us(w->env), wait = whole_ms(until(due->wheel, now));
    if (until(due->exact, now) < wait) wait = until(due->exact, now);
    return wait < most ? wait : most;
}

static int wait_ms(const struct wait *w, uint64_t us, struct epoll_event *events, int max)
{
    uint64_t ms = us / US_PER_MS + (us % US_PER_MS != 0);
    int timeout = us == WEFT_NEVER ? -1 : ms < INT_MAX ? (int)ms : INT_MAX;
    return w->sys->epoll_wait(w->epfd, events, max, timeout);
}

/* Who has milliseconds only is not asked again. */
static int ask_kernel(struct wait *w, uint64_t us, struct epoll_event *events, int max)
{
    if (w->coarse || us == WEFT_NEVER || us % US_PER_MS == 0) return wait_ms(w, us, events, max);
    struct __kernel_timespec exact = {(long long)(us / US_PER_S),
                                      (long long)(us % US_PER_S * 1000)};
    int n = w->sys->epoll_pwait2(w->epfd, events, max, &exact);
    w->coarse = n < 0 && (errno == ENOSYS || errno == EPERM);
    return w->coarse ? wait_ms(w, us, events, max) : n;
}

/* What is left of timeout_ms is for sleeping. */
static int poll_kernel(struct wait *w, const struct due *due, int *timeout_ms,
                       struct epoll_event *events, int max)
{
    uint64_t begin = env_now_us(w->env), spent = 0, most = w->poll_us;
    uint64_t timeout = *timeout_ms < 0 ? UINT64_MAX : (uint64_t)*timeout_ms * US_PER_MS;
    if (timeout < most) most = timeout;
    int n = 0;
    while (!n && spent < most && patience_us(w, due, *timeout_ms)) {
        n = ask_kernel(w, 0, events, max);
        spent = env_now_us(w->env) - begin;
    }
    if (*timeout_ms > 0) *timeout_ms = spent < timeout ? (int)((timeout - spent) / US_PER_MS) : 0;
    return n;
}

int wait_for(struct wait *w, const struct due *due, int timeout_ms, bool poll,
             struct epoll_event *events, int max)
{
    int n = poll && w->poll_us ? poll_kernel(w, due, &timeout_ms, events, max) : 0;
    return n ? n : ask_kernel(w, patience_us(w, due, timeout_ms), events, max);
}
