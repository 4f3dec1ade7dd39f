/* SPDX-License-Identifier: MIT
 *
 * Messages are counted by thread, and of turns a sample is measured, by a clock that the test moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "cli/metrics.h"

static struct metrics metrics;
static uint64_t clock_us = 1;
static weft_loop *loop;

static uint64_t now(void *ctx)
{
    (void)ctx;
    return clock_us;
}

static int begin(void **state)
{
    (void)state;
    const weft_env env = {.now_us = now};
    return weft_loop_new(&loop, &(weft_loop_config){.env = &env});
}

static int end(void **state)
{
    (void)state;
    weft_loop_free(loop);
    metrics_deinit(&metrics);
    return 0;
}

static struct metrics_totals totals(void)
{
    struct metrics_totals t;
    metrics_sum(&metrics, &t);
    return t;
}

static uint64_t samples(struct metrics_histogram h)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= METRICS_BUCKETS; i++) n += h.buckets[i];
    return n;
}

static void publish(weft_errand *e)
{
    metrics_published(&metrics, e->loop);
}

/* In a turn, which ends so late. */
static void turn(weft_errand *e, uint64_t takes_us)
{
    if (e) weft_errand_post(loop, 0, e);
    assert_int_equal(weft_loop_turn(loop, 0), 0);
    clock_us += takes_us;
}

static void *count_a_thousand(void *arg)
{
    for (int i = 0; i < 1000; i++) metrics_received(arg);
    return NULL;
}

static void every_thread_counts_for_itself(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_a_thousand, &metrics), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    metrics_received(&metrics);
    assert_int_equal(totals().received, 4001);
    assert_int_equal(totals().published, 0);
}

/* A month of a million messages a second, and what a counter of 64 bits has room for. */
static void counters_wrap_as_one(void **state)
{
    (void)state;
    metrics_received(&metrics);
    struct metrics_tally *t = atomic_load(&metrics.tallies);
    t->received = UINT64_C(30) * 24 * 3600 * 1000000;
    metrics_received(&metrics);
    assert_int_equal(totals().received, UINT64_C(2592000000001));
    t->received = UINT64_MAX;
    assert_true(totals().received == UINT64_MAX);
    metrics_received(&metrics);
    assert_int_equal(totals().received, 0);
}

static void turns_that_publish_are_sampled(void **state)
{
    (void)state;
    weft_errand first = {.run = publish}, second = {.run = publish};
    turn(&first, 700); /* 700 us until all of it is with the kernel */
    turn(NULL, 0);
    assert_int_equal(samples(totals().to_socket), 1);
    assert_int_equal(totals().to_socket.sum_us, 700);
    assert_int_equal(totals().to_socket.buckets[metrics_bucket(700)], 1);
    turn(&second, 700); /* so soon there is no other one */
    turn(NULL, 0);
    assert_int_equal(samples(totals().to_socket), 1);
    assert_int_equal(totals().published, 2);
    assert_int_equal(samples(totals().lag), 0);
}

static void the_lag_is_how_late_a_timer_comes(void **state)
{
    (void)state;
    weft_errand first = {.run = publish}, second = {.run = publish};
    turn(&first, 1);
    turn(NULL, METRICS_REST_MS * 1000 + 4000);
    turn(NULL, 0);
    assert_int_equal(samples(totals().lag), 1);
    assert_int_equal(totals().lag.sum_us, 4000);
    turn(&second, 20);
    turn(NULL, 0);
    assert_int_equal(samples(totals().to_socket), 2);
    assert_int_equal(totals().to_socket.sum_us, 21);
}

static void a_loop_may_end_in_the_middle_of_a_sample(void **state)
{
    (void)state;
    weft_errand e = {.run = publish};
    turn(&e, 0); /* and the clock stands */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_thread_counts_for_itself),           TEST(counters_wrap_as_one),
        TEST(turns_that_publish_are_sampled),           TEST(the_lag_is_how_late_a_timer_comes),
        TEST(a_loop_may_end_in_the_middle_of_a_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
