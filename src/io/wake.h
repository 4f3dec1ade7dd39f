/* SPDX-License-Identifier: MIT
 *
 * io/wake.h - what ends a loop's wait for the kernel, besides the descriptors of others
 *
 *      another thread, a signal handler, the loop itself -> wake_kick -> an eventfd, which is readable
 *      a loop in another loop -> wake_at -> a timerfd, which makes the epoll descriptor readable when a timer is due
 */
#ifndef IO_WAKE_H
#define IO_WAKE_H

#include <weft/base.h>

#include "io/sys.h"

struct wake {
    const struct sys *sys;
    const weft_env *env;
    int event;   /* the eventfd */
    int alarm;   /* the timerfd; -1: the loop is in no other one */
    uint64_t at; /* what that is set to, us of the loop's clock */
};

/* Nothing is open yet. */
void wake_init(struct wake *w, const struct sys *sys, const weft_env *env);
void wake_close(struct wake *w);

/* 0 or -errno. */
int wake_open_event(struct wake *w);
int wake_open_alarm(struct wake *w);
void wake_close_alarm(struct wake *w);

/* Safe in any thread and in a signal handler. */
void wake_kick(const struct wake *w);

/* WEFT_NEVER: not at all. */
void wake_at(struct wake *w, uint64_t us);

/* They are readable: no longer. */
void wake_heard_event(const struct wake *w);
void wake_heard_alarm(struct wake *w);

#endif
