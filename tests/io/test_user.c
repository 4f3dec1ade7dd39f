/* SPDX-License-Identifier: MIT
 *
 * Timers and watches as a program uses them, with nothing but weft/loop.h.
 */
#include <weft/loop.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t fake_now;

static uint64_t fake_clock(void *ctx)
{
    (void)ctx;
    return fake_now;
}

static const weft_env env = {.now_us = fake_clock};
static weft_loop *loop;

static void turn(void)
{
    assert_int_equal(weft_loop_turn(loop, 0), 0);
}

static void count(weft_timer *t, void *user)
{
    (void)t;
    ++*(int *)user;
}

static void a_timer_fires_once(void **state)
{
    (void)state;
    weft_timer *t;
    int times = 0;
    assert_int_equal(weft_timer_new(&t, loop, count, &times), 0);
    weft_timer_start(t, 10);
    fake_now += 9000;
    turn();
    assert_int_equal(times, 0);
    fake_now += 1000;
    turn();
    fake_now += 100000;
    turn();
    assert_int_equal(times, 1);
    weft_timer_free(t);
}

static void starting_again_moves_and_stopping_stops(void **state)
{
    (void)state;
    weft_timer *t;
    int times = 0;
    assert_int_equal(weft_timer_new(&t, loop, count, &times), 0);
    weft_timer_start(t, 10);
    fake_now += 9000;
    weft_timer_start(t, 10);
    fake_now += 9000;
    turn();
    assert_int_equal(times, 0);
    weft_timer_stop(t);
    fake_now += 9000;
    turn();
    assert_int_equal(times, 0);
    weft_timer_free(t);
    weft_timer_free(NULL);
}

static void free_itself(weft_timer *t, void *user)
{
    ++*(int *)user;
    weft_timer_free(t);
}

static void a_timer_may_free_itself(void **state)
{
    (void)state;
    weft_timer *t;
    int times = 0;
    assert_int_equal(weft_timer_new(&t, loop, free_itself, &times), 0);
    weft_timer_start(t, 1);
    fake_now += 1000;
    turn();
    turn();
    assert_int_equal(times, 1);
}

static void to_the_microsecond(void **state)
{
    (void)state;
    weft_timer *t;
    int times = 0;
    assert_int_equal(weft_timer_new(&t, loop, count, &times), 0);
    uint64_t start = fake_now;
    weft_timer_at(t, start + 1234);
    fake_now = start + 1233;
    turn();
    assert_int_equal(times, 0);
    fake_now++;
    turn();
    assert_int_equal(times, 1);
    turn();
    assert_int_equal(times, 1);
    weft_timer_at(t, start); /* long ago */
    turn();
    assert_int_equal(times, 2);
    weft_timer_free(t);
}

/* Whichever was called last. */
static void a_timer_has_one_deadline(void **state)
{
    (void)state;
    weft_timer *t;
    int times = 0;
    assert_int_equal(weft_timer_new(&t, loop, count, &times), 0);
    weft_timer_start(t, 1);
    weft_timer_at(t, fake_now + 5000);
    fake_now += 4999;
    turn();
    assert_int_equal(times, 0);
    weft_timer_at(t, fake_now + 1);
    weft_timer_start(t, 3);
    fake_now += 2000;
    turn();
    assert_int_equal(times, 0);
    fake_now += 2000; /* milliseconds are whole ones of the clock */
    turn();
    assert_int_equal(times, 1);
    weft_timer_at(t, fake_now);
    weft_timer_stop(t);
    turn();
    weft_timer_at(t, fake_now);
    weft_timer_at(t, UINT64_MAX);
    turn();
    weft_timer_start(t, UINT64_MAX);
    turn();
    assert_int_equal(times, 1);
    weft_timer_at(t, fake_now);
    weft_timer_free(t);
    turn();
}

static struct {
    int times;
    weft_timer *other;
} again;

/* It works for half a second, and starts two: one of 300 ms, and itself for a moment that has passed. */
static void work(weft_timer *t, void *user)
{
    (void)user;
    fake_now += 500000;
    if (again.times++) return;
    weft_timer_start(again.other, 300);
    weft_timer_at(t, weft_loop_now(loop) - 1);
}

static void a_deadline_counts_from_when_it_was_set(void **state)
{
    (void)state;
    weft_timer *t;
    int times = 0;
    again.times = 0;
    assert_int_equal(weft_timer_new(&t, loop, work, NULL), 0);
    assert_int_equal(weft_timer_new(&again.other, loop, count, &times), 0);
    weft_timer_at(t, fake_now);
    turn();
    assert_int_equal(again.times, 1); /* not twice in a turn */
    fake_now += 299000;
    turn();
    assert_int_equal(again.times, 2);
    assert_int_equal(times, 0);
    weft_timer_free(t);
    turn(); /* time has passed in the one before */
    assert_int_equal(times, 1);
    weft_timer_free(again.other);
}

struct seen {
    unsigned events;
    int times;
    weft_watch **to_free;
};

static void see(weft_watch *w, unsigned events, void *user)
{
    (void)w;
    struct seen *seen = user;
    seen->events = events;
    seen->times++;
    if (!seen->to_free) return;
    weft_watch_free(*seen->to_free);
    *seen->to_free = NULL;
}

static void a_watch_is_level_triggered_and_says_what_was_asked(void **state)
{
    (void)state;
    int pair[2];
    weft_watch *w;
    struct seen seen = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(weft_watch_new(&w, loop, pair[0], WEFT_READABLE, see, &seen), 0);
    turn();
    assert_int_equal(seen.times, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    turn();
    turn();
    assert_int_equal(seen.times, 2);
    assert_int_equal(seen.events, WEFT_READABLE);
    assert_int_equal(weft_watch_set(w, WEFT_READABLE | WEFT_WRITABLE), 0);
    turn();
    assert_int_equal(seen.events, WEFT_READABLE | WEFT_WRITABLE);
    assert_int_equal(weft_watch_set(w, 0), 0);
    turn();
    assert_int_equal(seen.times, 3);
    weft_watch_free(w);
    assert_int_equal(write(pair[0], "x", 1), 1); /* still ours */
    close(pair[0]);
    close(pair[1]);
}

static void a_hang_up_counts_as_what_was_asked(void **state)
{
    (void)state;
    int ends[2];
    weft_watch *w;
    struct seen seen = {0};
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_watch_new(&w, loop, ends[1], WEFT_WRITABLE, see, &seen), 0);
    close(ends[0]);
    turn();
    assert_int_equal(seen.events, WEFT_WRITABLE);
    assert_int_equal(weft_watch_set(w, 0), 0); /* not even a hang-up is told now */
    turn();
    assert_int_equal(seen.times, 1);
    weft_watch_free(w);
    weft_watch_free(NULL);
    close(ends[1]);
}

static void a_watch_may_free_itself_or_one_that_is_ready_too(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        int a[2], b[2];
        weft_watch *w[2];
        struct seen seen[2] = {{.to_free = &w[other]}, {.to_free = &w[1 - other]}};
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
        assert_int_equal(weft_watch_new(&w[0], loop, a[0], WEFT_WRITABLE, see, &seen[0]), 0);
        assert_int_equal(weft_watch_new(&w[1], loop, b[0], WEFT_WRITABLE, see, &seen[1]), 0);
        turn();
        assert_int_equal(seen[0].times + seen[1].times, other ? 1 : 2);
        weft_watch_free(w[0]);
        weft_watch_free(w[1]);
        for (int i = 0; i < 2; i++) {
            close(a[i]);
            close(b[i]);
        }
    }
}

static void a_regular_file_is_refused(void **state)
{
    (void)state;
    weft_watch *w;
    FILE *f = tmpfile();
    assert_int_equal(weft_watch_new(&w, loop, fileno(f), WEFT_READABLE, see, NULL), -EPERM);
    fclose(f);
}

/* ---- what is left when the loop goes --------------------------------------------------------- */

static struct {
    weft_timer *timers[3], *new;
    weft_watch *watches[3];
    int fired;
} leaving;

static void see_leaving(weft_watch *w, unsigned events, void *user)
{
    (void)w, (void)events;
    ++*(int *)user;
}

/* As ever: what it frees is gone, what it makes and starts does not come any more. */
static void at_the_end(void *arg)
{
    weft_loop *l = arg;
    weft_timer_start(leaving.timers[0], 0);
    weft_timer_at(leaving.timers[1], 1);
    weft_timer_stop(leaving.timers[1]);
    weft_timer_at(leaving.timers[0], 1);
    weft_timer_free(leaving.timers[2]);
    assert_int_equal(weft_timer_new(&leaving.new, l, count, &leaving.fired), 0);
    weft_timer_at(leaving.new, 1);
    assert_int_equal(weft_watch_set(leaving.watches[0], WEFT_WRITABLE), 0);
    assert_int_equal(weft_watch_set(leaving.watches[1], 0), 0);
    weft_watch_free(leaving.watches[2]);
}

/* That they are freed, the sanitizers see. */
static void timers_and_watches_may_be_left_to_the_loop(void **state)
{
    (void)state;
    weft_loop *l;
    int ends[3][2];
    memset(&leaving, 0, sizeof leaving);
    assert_int_equal(weft_loop_new(&l, &(weft_loop_config){.env = &env}), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pipe(ends[i]), 0);
        assert_int_equal(weft_timer_new(&leaving.timers[i], l, count, &leaving.fired), 0);
        assert_int_equal(weft_watch_new(&leaving.watches[i], l, ends[i][1], i ? WEFT_WRITABLE : 0,
                                        see_leaving, &leaving.fired),
                         0);
    }
    weft_timer_start(leaving.timers[1], 5);
    assert_int_equal(weft_loop_post(l, at_the_end, l), 0);
    weft_loop_free(l);
    assert_int_equal(leaving.fired, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(ends[i][1], "x", 1), 1); /* still ours */
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

static int set_up(void **state)
{
    (void)state;
    fake_now = 7000;
    return weft_loop_new(&loop, &(weft_loop_config){.env = &env});
}

static int tear_down(void **state)
{
    (void)state;
    weft_loop_free(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_once),
        cmocka_unit_test(starting_again_moves_and_stopping_stops),
        cmocka_unit_test(a_timer_may_free_itself),
        cmocka_unit_test(to_the_microsecond),
        cmocka_unit_test(a_timer_has_one_deadline),
        cmocka_unit_test(a_deadline_counts_from_when_it_was_set),
        cmocka_unit_test(a_watch_is_level_triggered_and_says_what_was_asked),
        cmocka_unit_test(a_hang_up_counts_as_what_was_asked),
        cmocka_unit_test(a_watch_may_free_itself_or_one_that_is_ready_too),
        cmocka_unit_test(a_regular_file_is_refused),
        cmocka_unit_test(timers_and_watches_may_be_left_to_the_loop),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
