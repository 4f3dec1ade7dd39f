/* SPDX-License-Identifier: MIT
 *
 * io/loop_life.c - a loop is made, perhaps put into another one, and ends: in a last turn, in which all that is left is
 * told and freed
 */
#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/log.h"
#include "io/loop_inside.h"
#include "io/resolve.h"

SIZED_TAKER(config_take, weft_loop_config, poll_us, 16, poll_us)

/* ---- descriptors ----------------------------------------------------------------------------- */

/* Its purpose was to end the wait. */
static void on_event(struct io *io, uint32_t events)
{
    (void)events;
    wake_heard_event(&container_of(io, weft_loop, event)->wake);
}

static void on_alarm(struct io *io, uint32_t events)
{
    (void)events;
    wake_heard_alarm(&container_of(io, weft_loop, alarm)->wake);
}

static int open_descriptors(weft_loop *l)
{
    l->wait.epfd = l->sys->epoll_create1(EPOLL_CLOEXEC);
    if (l->wait.epfd < 0) return -errno;
    int error = wake_open_event(&l->wake);
    if (error) return error;
    io_init(&l->event, l->wake.event, on_event);
    return io_set(l, &l->event, EPOLLIN);
}

int weft_loop_fd(weft_loop *l)
{
    if (loop_is_embedded(l)) return l->wait.epfd;
    int error = wake_open_alarm(&l->wake);
    if (error) return error;
    io_init(&l->alarm, l->wake.alarm, on_alarm);
    error = io_set(l, &l->alarm, EPOLLIN);
    if (error) {
        wake_close_alarm(&l->wake);
        return error;
    }
    loop_touch(l); /* so that a first turn sets the alarm */
    return l->wait.epfd;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void destroy(weft_loop *l)
{
    ring_free(l->ring);
    wake_close(&l->wake);
    if (l->wait.epfd >= 0) close(l->wait.epfd);
    mem_free(l->env, l);
}

/* Sends in batches, if the kernel lets us. */
static int open_ring(weft_loop *l, weft_batch wanted)
{
    if (wanted == WEFT_BATCH_EACH) return 0;
    int error = ring_new(&l->ring, l->env, l->sys);
    if (error < 0)
        log_line(l->env, WEFT_LOG_INFO, "no io_uring (%s): one system call for each send",
                 weft_strerror(error));
    return wanted == WEFT_BATCH_RING ? error : 0;
}

int loop_new_with_sys(weft_loop **out, const weft_loop_config *cfg, const struct sys *sys)
{
    const weft_env *env = cfg ? cfg->env : NULL;
    weft_loop *l = mem_zalloc(env, sizeof *l);
    if (!l) return -ENOMEM;
    if (env) l->copy = *env;
    l->env = env ? &l->copy : NULL;
    l->sys = sys;
    l->batch = cfg ? cfg->batch : WEFT_BATCH_AUTO;
    loop_set_thread(l, (uintptr_t)pthread_self());
    l->dead_end = &l->dead;
    list_init(&l->left);
    l->wait = (struct wait){sys, l->env, .epfd = -1, .poll_us = cfg ? cfg->poll_us : 0};
    wake_init(&l->wake, sys, l->env);
    flush_init(&l->flush);
    timers_init(&l->timers, env_now_us(env) / US_PER_TICK);
    int err = open_descriptors(l);
    if (err == 0) err = open_ring(l, l->batch);
    if (err < 0) {
        destroy(l);
        return err;
    }
    *out = l;
    return 0;
}

int weft_loop_new_sized(weft_loop **out, const weft_loop_config *cfg, size_t cfg_size,
                        size_t env_size)
{
    weft_loop_config taken;
    weft_env env;
    *out = NULL;
    const weft_env *own = env_within(&env, cfg, cfg_size, SIZED_THROUGH(weft_loop_config, poll_us),
                                     offsetof(weft_loop_config, env), env_size);
    int error = config_take(own, &taken, cfg, cfg_size);
    if (!error) error = env_take_at(NULL, &env, &taken.env, env_size);
    return error ? error : loop_new_with_sys(out, &taken, &sys_real);
}

int loop_new_like(weft_loop **out, const weft_loop *l)
{
    weft_loop_config cfg = {.env = l->env, .batch = l->batch, .poll_us = l->wait.poll_us};
    return loop_new_with_sys(out, &cfg, l->sys);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Whatever one of the dead or a post brings about is done, too. */
static void finish_all(weft_loop *l)
{
    do {
        while (posts_run(&l->posts, l)) continue;
        loop_bury_dead(l);
    } while (atomic_load(&l->posts.newest));
}

static void free_left(weft_loop *l)
{
    while (!list_empty(&l->left)) {
        struct left *o = container_of(l->left.next, struct left, link);
        o->free(o);
    }
}

void weft_loop_free(weft_loop *l)
{
    if (!l) return;
    assert(!l->in_turn);
    l->now = weft_loop_now(l);
    l->in_turn = l->ending = true; /* the last one: whoever is told now sees it as any other */
    while (posts_run(&l->posts, l)) continue;
    if (l->attachment) l->attachment->leave(l->attachment);
    resolver_disown(l->resolver);
    finish_all(l);
    if (l->attachment) l->attachment->free(l->attachment);
    free_left(l);
    destroy(l);
}
