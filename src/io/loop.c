/* SPDX-License-Identifier: MIT
 *
 * io/loop.c - the turn
 *
 * epoll. Duplexes are edge-triggered: each remembers what is so (duplex.c). Whatever else there is, listeners and
 * what users watch, is level-triggered, as are two descriptors of the loop's own (wake.c).
 *
 * Invariants: ready[next .. n_ready) are events that were fetched and not delivered, and none of them
 * names a struct io that has left. Nothing is buried but at the end of a turn. Within a turn the clock
 * stands; between turns it is read each time.
 */
#include <assert.h>
#include <errno.h>

#include "base/env.h"
#include "io/loop_inside.h"

enum {
    TURN_BYTES = 2 << 20,
    QUOTA_MIN = 8192,
    FLUSH_BYTES = 1 << 18, /* so many received, and the answers are still in the cache */
    LINE_US = 200,
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
    loop_set_thread(l, 0);
}

void weft_loop_stop(weft_loop *l)
{
    atomic_store(&l->stop, true);
    wake_kick(&l->wake);
}

void loop_touch(weft_loop *l)
{
    if (loop_is_embedded(l) && !l->in_turn) wake_kick(&l->wake);
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
    if (posts_push(&l->posts, e) && !looks_itself(l)) wake_kick(&l->wake);
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
    loop_set_thread(l, (uintptr_t)pthread_self());
    struct due due = when_due(l);
    if (is_waiting(l)) timeout_ms = 0;
    int n = wait_for(&l->wait, &due, timeout_ms, !loop_is_embedded(l), l->ready, READY_MAX);
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

void loop_bury_dead(weft_loop *l)
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
    if (!l->in_turn) loop_bury_dead(l);
}

/* The descriptor must say by itself when the next turn has something to do. */
static void set_alarm(weft_loop *l)
{
    if (is_waiting(l)) wake_kick(&l->wake);
    struct due due = when_due(l);
    wake_at(&l->wake, due.wheel < due.exact ? due.wheel : due.exact);
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
    loop_bury_dead(l);
    if (loop_is_embedded(l)) set_alarm(l);
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
