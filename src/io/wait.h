/* SPDX-License-Identifier: MIT
 *
 * io/wait.h - asking the kernel, for as long as there is nothing to do
 *
 *      awake       for poll_us, again and again, without waiting
 *      asleep      until the first thing is due: to the millisecond (epoll_wait), or to the microsecond where
 *                  that is nearer (epoll_pwait2, which Linux has since 5.11)
 *
 * Nothing in here belongs to the loop but its descriptor: what is due it is told.
 */
#ifndef IO_WAIT_H
#define IO_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/base.h>

#include "io/sys.h"

struct wait {
    const struct sys *sys;
    const weft_env *env; /* its clock */
    int epfd;
    uint32_t poll_us;
    bool coarse; /* the kernel, or a filter in front of it, has milliseconds only */
};

/* When there is something to do, by the clock; in us, or WEFT_NEVER. */
struct due {
    uint64_t wheel; /* a millisecond's worth of late is fine */
    uint64_t exact;
};

/* Wait until due, at most timeout_ms (-1: no such bound), awake first if poll says so. What epoll_wait says. */
int wait_for(struct wait *w, const struct due *due, int timeout_ms, bool poll,
             struct epoll_event *events, int max);

#endif
