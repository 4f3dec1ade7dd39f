/* SPDX-License-Identifier: MIT
 *
 * io/user.c - posts, timers and watches as weft/loop.h offers them
 *
 * Thin boxes around weft_errand, struct timer and struct io. All may be freed in their own callback: nobody looks at
 * them after calling, and what was fetched for a watch is forgotten. Timers and watches that are left go with the loop.
 */
#include <errno.h>

#include "base/alloc.h"
#include "io/loop.h"

struct user_post {
    weft_errand post;
    void (*fn)(void *arg);
    void *arg;
};

static void run_user_post(weft_errand *p)
{
    struct user_post u = *container_of(p, struct user_post, post);
    mem_free(weft_loop_env(u.post.loop), container_of(p, struct user_post, post));
    u.fn(u.arg);
}

int weft_loop_post(weft_loop *l, void (*fn)(void *arg), void *arg)
{
    struct user_post *u = mem_alloc(weft_loop_env(l), sizeof *u);
    if (!u) return -ENOMEM;
    *u = (struct user_post){{.run = run_user_post}, fn, arg};
    (void)loop_post(l, &u->post);
    return 0;
}

/* It waits in one of both. */
struct weft_timer {
    struct left left;
    struct timer timer;
    struct deadline deadline;
    weft_loop *loop;
    void (*on_time)(weft_timer *t, void *user);
    void *user;
};

static void timer_due(struct timer *timer)
{
    weft_timer *t = container_of(timer, weft_timer, timer);
    t->on_time(t, t->user);
}

static void deadline_due(struct deadline *d)
{
    weft_timer *t = container_of(d, weft_timer, deadline);
    t->on_time(t, t->user);
}

static void free_left_timer(struct left *o)
{
    weft_timer_free(container_of(o, struct weft_timer, left));
}

int weft_timer_new(weft_timer **out, weft_loop *l, void (*on_time)(weft_timer *t, void *user),
                   void *user)
{
    *out = NULL;
    weft_timer *t = mem_alloc(weft_loop_env(l), sizeof *t);
    if (!t) return -ENOMEM;
    *t = (weft_timer){.loop = l, .on_time = on_time, .user = user};
    timer_init(&t->timer, timer_due);
    deadline_init(&t->deadline, deadline_due);
    loop_free_last(l, &t->left, free_left_timer);
    *out = t;
    return 0;
}

void weft_timer_start(weft_timer *t, uint64_t ms)
{
    loop_deadline_stop(t->loop, &t->deadline);
    loop_timer_start_fresh(t->loop, &t->timer, ms);
}

void weft_timer_at(weft_timer *t, uint64_t us)
{
    loop_timer_stop(t->loop, &t->timer);
    loop_deadline_set(t->loop, &t->deadline, us);
}

void weft_timer_stop(weft_timer *t)
{
    loop_timer_stop(t->loop, &t->timer);
    loop_deadline_stop(t->loop, &t->deadline);
}

void weft_timer_free(weft_timer *t)
{
    if (!t) return;
    weft_timer_stop(t);
    list_remove(&t->left.link);
    mem_free(weft_loop_env(t->loop), t);
}

struct weft_watch {
    struct left left;
    struct io io;
    weft_loop *loop;
    unsigned events;
    void (*on_ready)(weft_watch *w, unsigned events, void *user);
    void *user;
};

static void watch_ready(struct io *io, uint32_t events)
{
    weft_watch *w = container_of(io, weft_watch, io);
    unsigned broken = events & (EPOLLERR | EPOLLHUP);
    unsigned said = (events & EPOLLIN || broken ? WEFT_READABLE : 0u) |
                    (events & EPOLLOUT || broken ? WEFT_WRITABLE : 0u);
    if (said & w->events) w->on_ready(w, said & w->events, w->user);
}

int weft_watch_set(weft_watch *w, unsigned events)
{
    uint32_t wanted = (events & WEFT_READABLE ? (uint32_t)EPOLLIN : 0) |
                      (events & WEFT_WRITABLE ? (uint32_t)EPOLLOUT : 0);
    int err = io_set(w->loop, &w->io, wanted);
    if (err == 0) w->events = events;
    return err;
}

static void free_left_watch(struct left *o)
{
    weft_watch_free(container_of(o, struct weft_watch, left));
}

int weft_watch_new(weft_watch **out, weft_loop *l, int fd, unsigned events,
                   void (*on_ready)(weft_watch *w, unsigned events, void *user), void *user)
{
    *out = NULL;
    weft_watch *w = mem_alloc(weft_loop_env(l), sizeof *w);
    if (!w) return -ENOMEM;
    *w = (weft_watch){.loop = l, .on_ready = on_ready, .user = user};
    io_init(&w->io, fd, watch_ready);
    int err = weft_watch_set(w, events);
    if (err < 0) {
        mem_free(weft_loop_env(l), w);
        return err;
    }
    loop_free_last(l, &w->left, free_left_watch);
    *out = w;
    return 0;
}

void weft_watch_free(weft_watch *w)
{
    if (!w) return;
    (void)io_set(w->loop, &w->io, 0);
    list_remove(&w->left.link);
    mem_free(weft_loop_env(w->loop), w);
}
