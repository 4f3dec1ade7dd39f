/* SPDX-License-Identifier: MIT
 *
 * io/loop.c - the turn
 *
 * epoll. Duplexes are edge-triggered: each remembers what is so (duplex.c). Whatever else there is, listeners and
 * what users watch, is level-triggered, as are two descriptors of the loop's own: an eventfd that other threads,
 * signal handlers and the loop itself wake it with, and, once weft_loop_fd was called, a timerfd that makes the
 * epoll descriptor readable when a timer is due.
 *
 * Invariants: ready[next .. n_ready) are events that were fetched and not delivered, and none of them
 * names a struct io that has left. Nothing is buried but at the end of a turn. Within a turn the clock
 * stands; between turns it is read each time.
 */
#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/env.h"
#include "base/log.h"
#include "io/flush.h"
#include "io/resolve.h"
#include "io/wait.h"

enum {
    READY_MAX = 256, /* with the least quota 2 MiB, too */
    US_PER_TICK = 1000,
    TURN_BYTES = 2 << 20,
    QUOTA_MIN = 8192,
    FLUSH_BYTES = 1 << 18, /* so many received, and the answers are still in the cache */
    LINE_US = 200,
};

SIZED_TAKER(config_take, weft_loop_config, poll_us, 16, poll_us)

struct weft_loop {
    const weft_env *env; /* NULL, or the copy */
    weft_env copy;
    const struct sys *sys;
    struct ring *ring; /* NULL: one system call for each send */
    weft_batch batch;  /* as it was asked for */
    struct wait wait;  /* with the epoll descriptor */
    struct io wake;    /* the eventfd */
    struct io alarm;   /* the timerfd; fd -1 unless embedded */
    uint64_t alarm_us; /* what it is set to */
    uint64_t now;      /* us */
    bool in_turn, ending;
    atomic_bool stop;
    atomic_uintptr_t thread; /* that turns it, or did so last; 0: nobody knows */
    atomic_bool rests;       /* weft_loop_run has returned */
    struct attachment *attachment;
    struct resolver *resolver;
    struct posts posts;
    struct dead *dead, **dead_end;
    struct list left; /* struct left */
    struct timers timers;
    struct deadlines deadlines;
    struct flush flush;
    int next, n_ready;
    size_t sharing;   /* those who may want to read in this turn */
    size_t long_left; /* of LOOP_LONG, in this turn */
    size_t received;  /* since the last flush */
    struct epoll_event ready[READY_MAX];
    uint8_t buffer[LOOP_BUFFER];
};

/* ---- what others see ------------------------------------------------------------------------- */

const weft_env *weft_loop_env(const weft_loop *l)
{
    return l->env;
}

const struct sys *loop_sys(const weft_loop *l)
{
    return l->sys;
}

uint8_t *loop_buffer(weft_loop *l)
{
    return l->buffer;
}

size_t loop_quota(const weft_loop *l)
{
    size_t quota = TURN_BYTES / (l->sharing ? l->sharing : 1);
    if (quota < QUOTA_MIN) return QUOTA_MIN;
    return quota < LOOP_BUFFER ? quota : LOOP_BUFFER;
}

void loop_received(weft_loop *l, size_t n)
{
    l->received += n;
}

size_t loop_long_left(const weft_loop *l)
{
    return l->long_left;
}

void loop_take_long(weft_loop *l, size_t n)
{
    l->long_left -= n;
}

struct flush *loop_flush(weft_loop *l)
{
    return &l->flush;
}

struct resolver **loop_resolver(weft_loop *l)
{
    return &l->resolver;
}

void loop_attach(weft_loop *l, struct attachment *a)
{
    assert(!l->attachment);
    l->attachment = a;
}

struct attachment *loop_attachment(const weft_loop *l)
{
    return l->attachment;
}

uint64_t weft_loop_now(const weft_loop *l)
{
    return l->in_turn ? l->now : env_now_us(l->env);
}

/* ---- whose thread ---------------------------------------------------------------------------- */

static void set_thread(weft_loop *l, uintptr_t thread)
{
    atomic_store_explicit(&l->thread, thread, memory_order_relaxed);
}

/* Only our own store can have put us there, so no order is needed. */
bool weft_loop_is_mine(const weft_loop *l)
{
    return atomic_load_explicit(&l->thread, memory_order_relaxed) == (uintptr_t)pthread_self();
}

bool loop_is_usable(const weft_loop *l)
{
    return weft_loop_is_mine(l) || atomic_load_explicit(&l->rests, memory_order_relaxed);
}

bool loop_in_turn(const weft_loop *l)
{
    return l->in_turn && !l->ending;
}

void loop_leave_thread(weft_loop *l)
{
    set_thread(l, 0);
}

/* ---- waking ---------------------------------------------------------------------------------- */

/* Safe in any thread and in a signal handler. An eventfd's write fails only when it is readable anyway. */
static void kick(weft_loop *l)
{
    int saved = errno;
    uint64_t one = 1;
    (void)!write(l->wake.fd, &one, sizeof one);
    errno = saved;
}

static void clear(int fd)
{
    uint64_t count;
    (void)!read(fd, &count, sizeof count);
}

/* Its purpose was to end the wait. */
static void on_wake(struct io *io, uint32_t events)
{
    (void)events;
    clear(io->fd);
}

static void on_alarm(struct io *io, uint32_t events)
{
    (void)events;
    clear(io->fd);
    container_of(io, weft_loop, alarm)->alarm_us = WEFT_NEVER;
}

static bool embedded(const weft_loop *l)
{
    return l->alarm.fd >= 0;
}

void loop_touch(weft_loop *l)
{
    if (embedded(l) && !l->in_turn) kick(l);
}

void weft_loop_stop(weft_loop *l)
{
    atomic_store(&l->stop, true);
    kick(l);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

void io_init(struct io *io, int fd, void (*on_ready)(struct io *io, uint32_t events))
{
    *io = (struct io){.fd = fd, .on_ready = on_ready};
}

static void forget_fetched(weft_loop *l, const struct io *io)
{
    for (int i = l->next; i < l->n_ready; i++)
        if (l->ready[i].data.ptr == io) l->ready[i].data.ptr = NULL;
}

int io_arm(weft_loop *l, struct io *io, uint32_t events)
{
    int op = !events ? EPOLL_CTL_DEL : io->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event e = {.events = events, .data.ptr = io};
    if (l->sys->epoll_ctl(l->wait.epfd, op, io->fd, &e) < 0 && events) return -errno;
    io->events = (uint16_t)events;
    if (!events) forget_fetched(l, io);
    return 0;
}

int io_set(weft_loop *l, struct io *io, uint32_t events)
{
    return io->events == (uint16_t)events ? 0 : io_arm(l, io, events);
}

/* ---- timers, posts, the dead ----------------------------------------------------------------- */

static void start_from(weft_loop *l, uint64_t us, struct timer *t, uint64_t ms)
{
    uint64_t tick = (us + US_PER_TICK - 1) / US_PER_TICK;
    timers_start(&l->timers, t, ms < TIMER_NEVER - tick ? tick + ms : TIMER_NEVER);
    loop_touch(l);
}

void loop_timer_start(weft_loop *l, struct timer *t, uint64_t ms)
{
    start_from(l, weft_loop_now(l), t, ms);
}

void loop_timer_start_fresh(weft_loop *l, struct timer *t, uint64_t ms)
{
    start_from(l, env_now_us(l->env), t, ms);
}

void loop_timer_stop(weft_loop *l, struct timer *t)
{
    timers_stop(&l->timers, t);
}

/* Behind now: in this turn nobody waits for it any more. */
void loop_deadline_set(weft_loop *l, struct deadline *d, uint64_t us)
{
    if (us == WEFT_NEVER) deadlines_remove(&l->deadlines, d);
    else deadlines_add(&l->deadlines, d, l->in_turn && us <= l->now ? l->now + 1 : us);
    loop_touch(l);
}

void loop_deadline_stop(weft_loop *l, struct deadline *d)
{
    deadlines_remove(&l->deadlines, d);
}

/* In a turn: it looks at what was posted before it waits again, whoever posts besides. */
static bool looks_itself(const weft_loop *l)
{
    return weft_loop_is_mine(l) && l->in_turn;
}

bool loop_post(weft_loop *l, weft_errand *e)
{
    if (!posts_claim(e)) return false;
    if (posts_push(&l->posts, e) && !looks_itself(l)) kick(l);
    return true;
}

void loop_bury(weft_loop *l, struct dead *d, void (*bury)(struct dead *d))
{
    *d = (struct dead){.bury = bury};
    *l->dead_end = d;
    l->dead_end = &d->next;
    loop_touch(l);
}

void loop_free_last(weft_loop *l, struct left *o, void (*free)(struct left *o))
{
    o->free = free;
    list_append(&l->left, &o->link);
}

/* ---- the turn -------------------------------------------------------------------------------- */

static bool is_waiting(const weft_loop *l)
{
    return l->dead || flush_waiting(&l->flush) || posts_any(&l->posts);
}

static struct due when_due(const weft_loop *l)
{
    uint64_t tick = timers_next(&l->timers);
    return (struct due){
        .wheel = tick < UINT64_MAX / US_PER_TICK ? tick * US_PER_TICK : WEFT_NEVER,
        .exact = l->deadlines.root ? l->deadlines.root->us : WEFT_NEVER,
    };
}

static int wait_for_events(weft_loop *l, int timeout_ms)
{
    set_thread(l, (uintptr_t)pthread_self());
    struct due due = when_due(l);
    if (is_waiting(l)) timeout_ms = 0;
    int n = wait_for(&l->wait, &due, timeout_ms, !embedded(l), l->ready, READY_MAX);
    int err = n < 0 && errno != EINTR ? -errno : 0;
    l->next = 0;
    l->n_ready = n > 0 ? n : 0;
    l->now = env_now_us(l->env);
    l->in_turn = true;
    return err;
}

static void flush(weft_loop *l)
{
    flush_dirty(&l->flush, l->sys, l->ring);
    l->received = 0;
}

static void flush_if_much_came(weft_loop *l)
{
    if (l->received >= FLUSH_BYTES) flush(l);
}

/* Who is quick does not wait for who is not. */
static void deliver_ready(weft_loop *l)
{
    while (l->next < l->n_ready) {
        struct epoll_event e = l->ready[l->next++];
        struct io *io = e.data.ptr;
        if (!io) continue;
        io->on_ready(io, e.events);
        flush_if_much_came(l);
    }
}

/* As long as the quick took, and for LINE_US at least: the kernel may have somebody quick again. */
static void deliver_line(weft_loop *l)
{
    uint64_t begun = env_now_us(l->env), most = begun - l->now;
    if (most < LINE_US) most = LINE_US;
    do {
        flush_next_in_line(&l->flush);
        flush_if_much_came(l);
    } while (l->flush.line.first && env_now_us(l->env) - begun < most);
}

static void deliver(weft_loop *l)
{
    if (l->flush.again.first) flush_line_up(&l->flush);
    l->sharing = (size_t)l->n_ready + l->flush.line.n;
    l->long_left = LOOP_LONG;
    deliver_ready(l);
    if (l->flush.line.first) deliver_line(l);
}

static void bury_dead(weft_loop *l)
{
    while (l->dead) {
        flush_sweep(&l->flush); /* nobody who is freed is in its chains */
        struct dead *d = l->dead;
        l->dead = d->next;
        if (!l->dead) l->dead_end = &l->dead;
        d->bury(d);
    }
}

void loop_bury_now(weft_loop *l)
{
    if (!l->in_turn) bury_dead(l);
}

static struct timespec relative(uint64_t from, uint64_t to)
{
    uint64_t us = to > from ? to - from : 1; /* zero would disarm it */
    return (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};
}

/* The descriptor must say by itself when the next turn has something to do. */
static void set_alarm(weft_loop *l)
{
    if (is_waiting(l)) kick(l);
    struct due both = when_due(l);
    uint64_t due = both.wheel < both.exact ? both.wheel : both.exact;
    if (due == l->alarm_us) return;
    struct itimerspec when = {0};
    if (due != WEFT_NEVER) when.it_value = relative(env_now_us(l->env), due);
    l->sys->timerfd_settime(l->alarm.fd, 0, &when, NULL);
    l->alarm_us = due;
}

int weft_loop_turn(weft_loop *l, int timeout_ms)
{
    assert(!l->in_turn);
    int err = wait_for_events(l, timeout_ms);
    deliver(l);
    timers_run(&l->timers, l->now / US_PER_TICK);
    deadlines_run(&l->deadlines, l->now);
    (void)posts_run(&l->posts, l);
    flush(l);
    bury_dead(l);
    if (embedded(l)) set_alarm(l);
    l->in_turn = false;
    return err;
}

int weft_loop_run(weft_loop *l)
{
    int err;
    atomic_store_explicit(&l->rests, false, memory_order_relaxed);
    do err = weft_loop_turn(l, -1);
    while (!err && !atomic_load(&l->stop));
    atomic_store(&l->stop, false);
    atomic_store_explicit(&l->rests, true, memory_order_relaxed);
    return err;
}

int weft_loop_fd(weft_loop *l)
{
    if (embedded(l)) return l->wait.epfd;
    int fd = l->sys->timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) return -errno;
    io_init(&l->alarm, fd, on_alarm);
    int err = io_set(l, &l->alarm, EPOLLIN);
    if (err < 0) {
        close(fd);
        l->alarm.fd = -1;
        return err;
    }
    loop_touch(l); /* so that a first turn sets the alarm */
    return l->wait.epfd;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int open_descriptors(weft_loop *l)
{
    l->wait.epfd = l->sys->epoll_create1(EPOLL_CLOEXEC);
    if (l->wait.epfd < 0) return -errno;
    l->wake.fd = l->sys->eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (l->wake.fd < 0) return -errno;
    return io_set(l, &l->wake, EPOLLIN);
}

static void close_if_open(int fd)
{
    if (fd >= 0) close(fd);
}

static void destroy(weft_loop *l)
{
    ring_free(l->ring);
    close_if_open(l->alarm.fd);
    close_if_open(l->wake.fd);
    close_if_open(l->wait.epfd);
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
    set_thread(l, (uintptr_t)pthread_self());
    l->dead_end = &l->dead;
    list_init(&l->left);
    l->wait = (struct wait){sys, l->env, .epfd = -1, .poll_us = cfg ? cfg->poll_us : 0};
    l->alarm_us = WEFT_NEVER;
    io_init(&l->wake, -1, on_wake);
    io_init(&l->alarm, -1, on_alarm);
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

/* Whatever one of the dead or a post brings about is done, too. */
static void finish_all(weft_loop *l)
{
    do {
        while (posts_run(&l->posts, l)) continue;
        bury_dead(l);
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
