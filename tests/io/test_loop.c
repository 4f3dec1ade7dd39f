/* SPDX-License-Identifier: MIT
 *
 * The loop: the order of a turn, posts, stopping, living inside another loop, and what the kernel can
 * refuse. Time is the test's own where it matters.
 */
#include "io/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/duplex.h"

/* ---- an env whose clock the test moves ------------------------------------------------------- */

static uint64_t fake_now;

static uint64_t fake_clock(void *ctx)
{
    (void)ctx;
    return fake_now;
}

static const weft_env fake_env = {.now_us = fake_clock};
static const weft_loop_config fake_config = {.env = &fake_env};

/* ---- the order of a turn --------------------------------------------------------------------- */

static char story[32];

static void tell(char c)
{
    story[strlen(story)] = c;
}

static void tell_post(weft_errand *p)
{
    (void)p;
    tell('p');
}

static void tell_timer(struct timer *t)
{
    (void)t;
    tell('t');
}

static void tell_dead(struct dead *d)
{
    (void)d;
    tell('d');
}

static void tell_bytes(struct duplex *s, uint8_t *data, size_t len)
{
    (void)s, (void)data, (void)len;
    tell('b');
}

static int tell_pull(struct duplex *s, struct iovec *iov, int max)
{
    (void)s, (void)iov, (void)max;
    tell('f');
    return 0;
}

static void tell_again(struct duplex *s)
{
    (void)s;
    tell('a');
}

static struct duplex_handler teller = {
    .on_bytes = tell_bytes,
    .on_pull = tell_pull,
    .on_again = tell_again,
};

static void a_turn_is_kernel_timers_posts_flush_dead(void **state)
{
    (void)state;
    weft_loop *l;
    struct duplex s;
    struct timer t;
    struct dead d;
    weft_errand p = {.run = tell_post};
    int pair[2];
    fake_now = 5000;
    assert_int_equal(weft_loop_new(&l, &fake_config), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    teller.loop = l;
    assert_int_equal(duplex_init(&s, pair[0], &teller), 0);

    loop_bury(l, &d, tell_dead);
    duplex_dirty(&s);
    duplex_dirty(&s); /* twice is once */
    loop_post(l, &p);
    timer_init(&t, tell_timer);
    loop_timer_start(l, &t, 3);
    assert_int_equal(write(pair[1], "x", 1), 1);
    duplex_again(&s);
    fake_now = 8000;
    memset(story, 0, sizeof story);
    assert_int_equal(weft_loop_turn(l, -1), 0);
    assert_string_equal(story, "abtpfd");

    assert_int_equal(weft_loop_turn(l, 0), 0); /* and nothing is left */
    assert_string_equal(story, "abtpfd");
    duplex_close(&s);
    close(pair[1]);
    weft_loop_free(l);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static uint64_t seen_in_turn;

static void look_at_clock(void *arg)
{
    fake_now += 50000;
    seen_in_turn = weft_loop_now(arg);
}

static void the_clock_stands_during_a_turn(void **state)
{
    (void)state;
    weft_loop *l;
    fake_now = 1000;
    assert_int_equal(weft_loop_new(&l, &fake_config), 0);
    assert_int_equal(weft_loop_post(l, look_at_clock, l), 0);
    fake_now = 2000;
    assert_int_equal(weft_loop_turn(l, 0), 0);
    assert_int_equal(seen_in_turn, 2000);
    assert_int_equal(weft_loop_now(l), 52000);
    weft_loop_free(l);
}

static void a_timer_is_never_early_by_a_fraction_of_a_tick(void **state)
{
    (void)state;
    weft_loop *l;
    struct timer t;
    fake_now = 1999;
    assert_int_equal(weft_loop_new(&l, &fake_config), 0);
    memset(story, 0, sizeof story);
    timer_init(&t, tell_timer);
    loop_timer_start(l, &t, 10);
    fake_now = 11998;
    assert_int_equal(weft_loop_turn(l, 0), 0);
    assert_string_equal(story, "");
    fake_now = 12000;
    assert_int_equal(weft_loop_turn(l, 0), 0);
    assert_string_equal(story, "t");
    loop_timer_start(l, &t, WEFT_NEVER);
    assert_false(timer_running(&t));
    weft_loop_free(l);
}

struct stopper {
    struct timer timer;
    weft_loop *loop;
};

static void stop_loop(struct timer *t)
{
    weft_loop_stop(container_of(t, struct stopper, timer)->loop);
}

static void run_sleeps_until_the_timer(void **state)
{
    (void)state;
    struct stopper s;
    assert_int_equal(weft_loop_new(&s.loop, NULL), 0);
    timer_init(&s.timer, stop_loop);
    uint64_t start = weft_loop_now(s.loop);
    loop_timer_start(s.loop, &s.timer, 70);
    assert_int_equal(weft_loop_run(s.loop), 0);
    assert_true(weft_loop_now(s.loop) - start >= 70000);
    weft_loop_free(s.loop);
}

/* ---- polling before sleeping ----------------------------------------------------------------- */

enum { CALL_US = 10, ASLEEP = 1000000 };

static struct {
    int awake, asleep; /* calls that did not wait, and that would have */
    int timeout_ms;    /* of the last one */
    int comes_with;    /* the call in which somebody posts; 0: none */
    weft_loop *loop;
    weft_errand *post;
} waits;

static int scripted_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
    fake_now += timeout_ms ? ASLEEP : CALL_US;
    if (timeout_ms) waits.asleep++;
    else waits.awake++;
    waits.timeout_ms = timeout_ms;
    if (waits.awake + waits.asleep != waits.comes_with) return 0;
    loop_post(waits.loop, waits.post);
    return sys_real.epoll_wait(epfd, events, max, 0);
}

static weft_loop *polling_loop(uint32_t poll_us)
{
    static struct sys sys;
    weft_loop *l;
    sys = sys_real;
    sys.epoll_wait = scripted_wait;
    weft_loop_config config = {.env = &fake_env, .poll_us = poll_us};
    fake_now = 1000;
    assert_int_equal(loop_new_with_sys(&l, &config, &sys), 0);
    memset(&waits, 0, sizeof waits);
    memset(story, 0, sizeof story);
    return l;
}

static void a_polling_loop_stays_awake_before_it_sleeps(void **state)
{
    (void)state;
    weft_loop *l = polling_loop(50);
    for (int turn = 1; turn <= 2; turn++) {
        assert_int_equal(weft_loop_turn(l, -1), 0);
        assert_int_equal(waits.awake, turn * 50 / CALL_US);
        assert_int_equal(waits.asleep, turn);
        assert_int_equal(waits.timeout_ms, -1);
    }
    weft_loop_free(l);

    l = polling_loop(0);
    assert_int_equal(weft_loop_turn(l, -1), 0);
    assert_int_equal(waits.awake, 0);
    assert_int_equal(waits.asleep, 1);
    weft_loop_free(l);
}

static void what_comes_while_it_polls_needs_no_sleep(void **state)
{
    (void)state;
    weft_loop *l = polling_loop(50);
    weft_errand p = {.run = tell_post};
    waits.loop = l;
    waits.post = &p;
    waits.comes_with = 3;
    assert_int_equal(weft_loop_turn(l, -1), 0);
    assert_string_equal(story, "p");
    assert_int_equal(waits.awake, 3);
    assert_int_equal(waits.asleep, 0);
    weft_loop_free(l);
}

static void polling_delays_no_timer(void **state)
{
    (void)state;
    weft_loop *l = polling_loop(5000);
    struct timer t;
    timer_init(&t, tell_timer);
    loop_timer_start(l, &t, 1);
    assert_int_equal(weft_loop_turn(l, -1), 0);
    assert_string_equal(story, "t");
    assert_int_equal(waits.asleep, 0);
    assert_int_equal(fake_now, 2000 + CALL_US);
    weft_loop_free(l);
}

static void polling_is_part_of_the_timeout(void **state)
{
    (void)state;
    weft_loop *l = polling_loop(2000);
    assert_int_equal(weft_loop_turn(l, 0), 0);
    assert_int_equal(waits.awake, 1);
    assert_int_equal(weft_loop_turn(l, 5), 0);
    assert_int_equal(waits.awake, 1 + 2000 / CALL_US);
    assert_int_equal(waits.timeout_ms, 3);
    waits.awake = 0;
    assert_int_equal(weft_loop_turn(l, 1), 0);
    assert_int_equal(waits.awake, 1000 / CALL_US + 1);
    assert_int_equal(waits.asleep, 1); /* that of the turn before */
    weft_loop_free(l);
}

static void an_embedded_loop_does_not_poll(void **state)
{
    (void)state;
    weft_loop *l = polling_loop(50);
    assert_true(weft_loop_fd(l) >= 0);
    assert_int_equal(weft_loop_turn(l, -1), 0);
    assert_int_equal(waits.awake, 0);
    assert_int_equal(waits.asleep, 1);
    weft_loop_free(l);
}

/* ---- to the microsecond ---------------------------------------------------------------------- */

static struct {
    long long ns; /* of the last wait that was so exact; -1: none was */
    int error;    /* what it says; 0: nothing comes */
} exact;

static int scripted_exact_wait(int epfd, struct epoll_event *events, int max,
                               const struct __kernel_timespec *timeout)
{
    (void)epfd, (void)events, (void)max;
    exact.ns = timeout->tv_sec * 1000000000 + timeout->tv_nsec;
    errno = exact.error;
    return exact.error ? -1 : 0;
}

static int short_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
    waits.timeout_ms = timeout_ms;
    return sys_real.epoll_wait(epfd, events, max, 0);
}

/* The wait for a deadline in 1,500 us, a timer in so many ms and at most so many. */
static void expect_wait(uint64_t timer_ms, int timeout_ms, long long wanted_ns, int wanted_ms)
{
    weft_loop *l;
    struct timer t;
    struct deadline d;
    struct sys sys = sys_real;
    sys.epoll_wait = short_wait;
    sys.epoll_pwait2 = scripted_exact_wait;
    fake_now = 1000;
    exact.ns = waits.timeout_ms = -1;
    assert_int_equal(loop_new_with_sys(&l, &fake_config, &sys), 0);
    timer_init(&t, tell_timer);
    deadline_init(&d, NULL);
    loop_timer_start(l, &t, timer_ms);
    loop_deadline_set(l, &d, 2500);
    assert_int_equal(weft_loop_turn(l, timeout_ms), 0);
    assert_int_equal(exact.ns, wanted_ns);
    assert_int_equal(waits.timeout_ms, wanted_ms);
    loop_deadline_stop(l, &d);
    weft_loop_free(l);
}

static void a_wait_is_as_exact_as_what_is_waited_for(void **state)
{
    (void)state;
    exact.error = 0;
    expect_wait(9, -1, 1500000, -1);
    expect_wait(9, 100, 1500000, -1);
    expect_wait(9, 1, -1, 1);
    expect_wait(1, -1, -1, 1);
    expect_wait(2, -1, 1500000, -1);
    expect_wait(9, 0, -1, 0);
}

/* Late, but not early. */
static void a_kernel_that_has_milliseconds_only(void **state)
{
    (void)state;
    exact.error = ENOSYS;
    expect_wait(9, -1, 1500000, 2);
    exact.error = EPERM;
    expect_wait(9, -1, 1500000, 2);
    exact.error = EINTR;
    expect_wait(9, -1, 1500000, -1);
}

static void count_deadline(struct deadline *d)
{
    d->us = 0;
}

/* With the real clock: the loop sleeps, and so does who waits for its descriptor. */
static void a_deadline_wakes_the_loop(void **state)
{
    (void)state;
    for (int embed = 0; embed < 2; embed++) {
        weft_loop *l;
        struct deadline d;
        assert_int_equal(weft_loop_new(&l, NULL), 0);
        struct pollfd fd = {.fd = embed ? weft_loop_fd(l) : -1, .events = POLLIN};
        deadline_init(&d, count_deadline);
        uint64_t due = weft_loop_now(l) + 1500;
        loop_deadline_set(l, &d, due);
        for (int turns = 0; d.us; turns++) {
            assert_true(turns < 100);
            if (embed) assert_int_equal(poll(&fd, 1, 10000), 1);
            assert_int_equal(weft_loop_turn(l, embed ? 0 : 10000), 0);
        }
        assert_true(weft_loop_now(l) >= due);
        weft_loop_free(l);
    }
}

/* ---- posts ----------------------------------------------------------------------------------- */

enum { THREADS = 4, POSTS = 5000 };

struct poster {
    weft_loop *loop;
    pthread_t thread;
    int seen;
};

struct numbered {
    struct poster *poster;
    int number;
};

static int all_seen;

static void take_number(void *arg)
{
    struct numbered *n = arg;
    assert_int_equal(n->number, n->poster->seen);
    n->poster->seen++;
    if (++all_seen == THREADS * POSTS) weft_loop_stop(n->poster->loop);
    free(n);
}

static void *post_many(void *arg)
{
    struct poster *p = arg;
    for (int i = 0; i < POSTS; i++) {
        struct numbered *n = malloc(sizeof *n);
        *n = (struct numbered){p, i};
        assert_int_equal(weft_loop_post(p->loop, take_number, n), 0);
    }
    return NULL;
}

static void posts_of_each_thread_arrive_in_order(void **state)
{
    (void)state;
    static struct poster posters[THREADS];
    weft_loop *l;
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    all_seen = 0;
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.loop = l};
        pthread_create(&posters[i].thread, NULL, post_many, &posters[i]);
    }
    assert_int_equal(weft_loop_run(l), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(posters[i].thread, NULL);
        assert_int_equal(posters[i].seen, POSTS);
    }
    weft_loop_free(l);
}

/* One errand, posted by all of them whenever there is something new: it runs fewer times, but the last time it sees
 * everything. */
static struct {
    weft_errand errand;
    weft_loop *loop;
    atomic_int written[THREADS];
    int runs;
} shared;

static void see_all(weft_errand *e)
{
    int sum = 0;
    (void)e;
    shared.runs++;
    for (int i = 0; i < THREADS; i++)
        sum += atomic_load_explicit(&shared.written[i], memory_order_relaxed);
    if (sum == THREADS * POSTS) weft_loop_stop(shared.loop);
}

static void *post_the_same(void *arg)
{
    for (int i = 0; i < POSTS; i++) {
        atomic_fetch_add_explicit((atomic_int *)arg, 1, memory_order_relaxed);
        (void)loop_post(shared.loop, &shared.errand);
    }
    return NULL;
}

static void who_finds_an_errand_on_its_way_is_not_missed(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    assert_int_equal(weft_loop_new(&shared.loop, NULL), 0);
    shared.errand.run = see_all;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, post_the_same, &shared.written[i]);
    assert_int_equal(weft_loop_run(shared.loop), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    weft_loop_free(shared.loop);
    assert_true(shared.runs <= THREADS * POSTS);
}

static void post_once_more(void *arg)
{
    weft_loop *l = *(weft_loop **)arg;
    tell('1');
    if (strlen(story) < 3) assert_int_equal(weft_loop_post(l, post_once_more, arg), 0);
}

static void a_post_by_a_post_waits_for_the_next_turn(void **state)
{
    (void)state;
    weft_loop *l;
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    memset(story, 0, sizeof story);
    assert_int_equal(weft_loop_post(l, post_once_more, &l), 0);
    assert_int_equal(weft_loop_turn(l, -1), 0);
    assert_string_equal(story, "1");
    weft_loop_free(l); /* runs what is left, so that nothing leaks */
    assert_string_equal(story, "111");
}

/* ---- stopping -------------------------------------------------------------------------------- */

static weft_loop *signalled;

static void on_signal(int number)
{
    (void)number;
    weft_loop_stop(signalled);
}

static void raise_signal(void *arg)
{
    (void)arg;
    raise(SIGUSR1);
}

static void a_signal_handler_may_stop(void **state)
{
    (void)state;
    assert_int_equal(weft_loop_new(&signalled, NULL), 0);
    signal(SIGUSR1, on_signal);
    assert_int_equal(weft_loop_post(signalled, raise_signal, NULL), 0);
    assert_int_equal(weft_loop_run(signalled), 0);
    raise(SIGUSR1); /* before run: it returns after one turn */
    assert_int_equal(weft_loop_run(signalled), 0);
    signal(SIGUSR1, SIG_DFL);
    weft_loop_free(signalled);
}

/* ---- inside another loop --------------------------------------------------------------------- */

static bool readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

/* Turn only when the descriptor says so, until c has been told. */
static void drive_until(weft_loop *l, char c)
{
    memset(story, 0, sizeof story);
    for (int turns = 0; !strchr(story, c); turns++) {
        assert_true(turns < 10);
        assert_true(readable(weft_loop_fd(l), 5000));
        assert_int_equal(weft_loop_turn(l, 0), 0);
    }
}

static void settle(weft_loop *l)
{
    for (int turns = 0; readable(weft_loop_fd(l), 0); turns++) {
        assert_true(turns < 10); /* it comes to rest */
        assert_int_equal(weft_loop_turn(l, 0), 0);
    }
}

static void the_descriptor_alone_drives_everything(void **state)
{
    (void)state;
    weft_loop *l;
    struct duplex s;
    struct timer t;
    struct dead d;
    weft_errand p = {.run = tell_post};
    int pair[2];
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    assert_true(weft_loop_fd(l) >= 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    teller.loop = l;
    assert_int_equal(duplex_init(&s, pair[0], &teller), 0);
    timer_init(&t, tell_timer);
    settle(l);

    duplex_dirty(&s);
    drive_until(l, 'f');
    settle(l);
    duplex_again(&s);
    drive_until(l, 'a');
    settle(l);
    loop_post(l, &p);
    drive_until(l, 'p');
    settle(l);
    loop_bury(l, &d, tell_dead);
    drive_until(l, 'd');
    settle(l);
    loop_timer_start(l, &t, 80); /* crosses a level of the wheel */
    drive_until(l, 't');
    settle(l);
    assert_int_equal(write(pair[1], "x", 1), 1);
    drive_until(l, 'b');

    duplex_close(&s);
    close(pair[1]);
    weft_loop_free(l);
}

static void tell_second(struct dead *d)
{
    (void)d;
    tell('2');
}

struct dying {
    struct dead dead, late;
    weft_loop *loop;
};

static void one_more_dies(struct dead *d)
{
    struct dying *y = container_of(d, struct dying, dead);
    loop_bury(y->loop, &y->late, tell_dead);
    tell('1');
}

static void the_dead_are_buried_in_order_to_the_last(void **state)
{
    (void)state;
    struct dying y;
    struct dead second;
    assert_int_equal(weft_loop_new(&y.loop, NULL), 0);
    memset(story, 0, sizeof story);
    for (int i = 0; i < 2; i++) {
        loop_bury(y.loop, &y.dead, one_more_dies);
        loop_bury(y.loop, &second, tell_second);
        assert_int_equal(weft_loop_turn(y.loop, -1), 0);
    }
    assert_string_equal(story, "12d12d");
    weft_loop_free(y.loop);
}

/* ---- what net keeps -------------------------------------------------------------------------- */

struct guest {
    struct attachment attachment;
    struct dead dead;
    weft_loop *loop;
};

static void guest_leaves(struct attachment *a)
{
    struct guest *g = container_of(a, struct guest, attachment);
    tell('l');
    loop_bury(g->loop, &g->dead, tell_dead);
}

static void guest_is_freed(struct attachment *a)
{
    (void)a;
    tell('f');
}

static void free_tells_the_attachment_and_buries(void **state)
{
    (void)state;
    struct guest g = {.attachment = {.leave = guest_leaves, .free = guest_is_freed}};
    weft_errand p = {.run = tell_post};
    assert_int_equal(weft_loop_new(&g.loop, NULL), 0);
    assert_null(loop_attachment(g.loop));
    loop_attach(g.loop, &g.attachment);
    assert_ptr_equal(loop_attachment(g.loop), &g.attachment);
    memset(story, 0, sizeof story);
    loop_post(g.loop, &p);
    weft_loop_free(g.loop);
    assert_string_equal(story, "pldf");
    weft_loop_free(NULL);
}

/* ---- what the kernel can refuse -------------------------------------------------------------- */

static int refusal;

static int no_epoll(int flags)
{
    (void)flags;
    errno = refusal;
    return -1;
}

static int no_eventfd(unsigned start, int flags)
{
    (void)start, (void)flags;
    errno = refusal;
    return -1;
}

static int no_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    (void)epfd, (void)op, (void)fd, (void)event;
    errno = refusal;
    return -1;
}

static int no_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
    (void)epfd, (void)events, (void)max, (void)timeout_ms;
    errno = refusal;
    return -1;
}

static int no_timerfd(int clock, int flags)
{
    (void)clock, (void)flags;
    errno = refusal;
    return -1;
}

static void a_loop_that_cannot_be_made_says_why(void **state)
{
    (void)state;
    static const int reasons[] = {EMFILE, ENFILE, ENOMEM};
    weft_loop *l;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        refusal = reasons[i];
        struct sys sys = sys_real;
        sys.epoll_create1 = no_epoll;
        assert_int_equal(loop_new_with_sys(&l, NULL, &sys), -refusal);
        sys = sys_real;
        sys.eventfd = no_eventfd;
        assert_int_equal(loop_new_with_sys(&l, NULL, &sys), -refusal);
        sys = sys_real;
        sys.epoll_ctl = no_epoll_ctl;
        assert_int_equal(loop_new_with_sys(&l, NULL, &sys), -refusal);
    }
}

static void a_refused_wait_ends_run_and_a_signal_does_not(void **state)
{
    (void)state;
    weft_loop *l;
    struct sys sys = sys_real;
    sys.epoll_wait = no_epoll_wait;
    assert_int_equal(loop_new_with_sys(&l, NULL, &sys), 0);
    refusal = EINVAL;
    assert_int_equal(weft_loop_run(l), -EINVAL);
    refusal = EINTR;
    assert_int_equal(weft_loop_turn(l, -1), 0);
    weft_loop_free(l);
}

static void a_refused_timerfd_is_reported(void **state)
{
    (void)state;
    weft_loop *l;
    struct sys sys = sys_real;
    sys.timerfd_create = no_timerfd;
    refusal = EMFILE;
    assert_int_equal(loop_new_with_sys(&l, NULL, &sys), 0);
    assert_int_equal(weft_loop_fd(l), -EMFILE);
    weft_loop_free(l);
}

static void *no_memory(void *ctx, void *p, size_t size)
{
    (void)ctx, (void)p, (void)size;
    return NULL;
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    static const weft_env env = {.realloc = no_memory};
    weft_loop *l;
    assert_int_equal(weft_loop_new(&l, &(weft_loop_config){.env = &env}), -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_kernel_timers_posts_flush_dead),
        cmocka_unit_test(the_clock_stands_during_a_turn),
        cmocka_unit_test(a_timer_is_never_early_by_a_fraction_of_a_tick),
        cmocka_unit_test(run_sleeps_until_the_timer),
        cmocka_unit_test(a_polling_loop_stays_awake_before_it_sleeps),
        cmocka_unit_test(what_comes_while_it_polls_needs_no_sleep),
        cmocka_unit_test(polling_delays_no_timer),
        cmocka_unit_test(polling_is_part_of_the_timeout),
        cmocka_unit_test(an_embedded_loop_does_not_poll),
        cmocka_unit_test(a_wait_is_as_exact_as_what_is_waited_for),
        cmocka_unit_test(a_kernel_that_has_milliseconds_only),
        cmocka_unit_test(a_deadline_wakes_the_loop),
        cmocka_unit_test(posts_of_each_thread_arrive_in_order),
        cmocka_unit_test(who_finds_an_errand_on_its_way_is_not_missed),
        cmocka_unit_test(a_post_by_a_post_waits_for_the_next_turn),
        cmocka_unit_test(a_signal_handler_may_stop),
        cmocka_unit_test(the_descriptor_alone_drives_everything),
        cmocka_unit_test(the_dead_are_buried_in_order_to_the_last),
        cmocka_unit_test(free_tells_the_attachment_and_buries),
        cmocka_unit_test(a_loop_that_cannot_be_made_says_why),
        cmocka_unit_test(a_refused_wait_ends_run_and_a_signal_does_not),
        cmocka_unit_test(a_refused_timerfd_is_reported),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
