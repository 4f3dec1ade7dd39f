/* SPDX-License-Identifier: MIT
 *
 * Any number of samples in bounded memory: what a percentile says, and how exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/histogram.h"

static struct histogram h, other;

static int set_up(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    memset(&other, 0, sizeof other);
    return 0;
}

static void without_samples_everything_is_zero(void **state)
{
    (void)state;
    assert_int_equal(histogram_at(&h, 0.5), 0);
    assert_int_equal(histogram_at(&h, 1), 0);
    assert_true(histogram_mean(&h) == 0);
}

static void small_values_are_exact(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 200; v++) histogram_add(&h, v);
    assert_int_equal(h.min, 1);
    assert_int_equal(histogram_at(&h, 0.01), 2);
    assert_int_equal(histogram_at(&h, 0.5), 100);
    assert_int_equal(histogram_at(&h, 0.99), 198);
    assert_int_equal(histogram_at(&h, 1), 200);
    assert_true(histogram_mean(&h) == 100.5);
}

static void one_sample_is_every_percentile(void **state)
{
    (void)state;
    histogram_add(&h, 123456789);
    assert_int_equal(histogram_at(&h, 0), 123456789);
    assert_int_equal(histogram_at(&h, 0.5), 123456789);
    assert_int_equal(histogram_at(&h, 0.999), 123456789);
}

static void the_rare_and_slow_shows_where_it_should(void **state)
{
    (void)state;
    for (int i = 0; i < 9990; i++) histogram_add(&h, 10);
    for (int i = 0; i < 10; i++) histogram_add(&h, 100);
    assert_int_equal(histogram_at(&h, 0.99), 10);
    assert_int_equal(histogram_at(&h, 0.999), 10);
    assert_int_equal(histogram_at(&h, 0.9991), 100);
    assert_int_equal(h.max, 100);
}

/* For each value on the way up to the top: the answer is not below it, and at most 1/128 above. */
static void every_value_is_known_to_one_in_128(void **state)
{
    (void)state;
    uint64_t top = UINT64_C(1) << HISTOGRAM_TOP_BITS;
    for (uint64_t v = 1; v < top; v += v / 50 + 1) {
        memset(&h, 0, sizeof h);
        histogram_add(&h, v);
        histogram_add(&h, UINT64_MAX); /* so that max does not help */
        uint64_t said = histogram_at(&h, 0.5);
        assert_true(said >= v);
        assert_true(said - v <= v / HISTOGRAM_STEPS);
    }
}

static void what_is_beyond_the_top_is_the_maximum(void **state)
{
    (void)state;
    histogram_add(&h, 5);
    histogram_add(&h, UINT64_C(1) << 60);
    histogram_add(&h, UINT64_MAX);
    assert_int_equal(histogram_at(&h, 0.3), 5);
    assert_int_equal(histogram_at(&h, 1), UINT64_MAX);
}

/* The same as sorting, but for the rounding of a step. */
static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void percentiles_are_those_of_the_sorted_samples(void **state)
{
    (void)state;
    enum { N = 5000 };
    static uint64_t samples[N];
    uint64_t x = 88172645463325252;
    for (int i = 0; i < N; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        samples[i] = x >> (23 + x % 30);
        histogram_add(&h, samples[i]);
    }
    qsort(samples, N, sizeof *samples, by_value);
    for (int i = 1; i <= N; i += 7) {
        uint64_t exact = samples[i - 1], said = histogram_at(&h, ((double)i - 0.5) / N);
        assert_true(said >= exact);
        assert_true(said - exact <= exact / HISTOGRAM_STEPS);
    }
}

static void two_merge_as_if_they_had_been_one(void **state)
{
    (void)state;
    static struct histogram all;
    memset(&all, 0, sizeof all);
    for (uint64_t v = 1; v < 100000; v += 13) {
        histogram_add(v % 2 ? &h : &other, v * v);
        histogram_add(&all, v * v);
    }
    histogram_merge(&h, &other);
    assert_memory_equal(h.counts, all.counts, sizeof h.counts);
    assert_int_equal(h.total, all.total);
    assert_int_equal(h.min, all.min);
    assert_int_equal(h.max, all.max);
}

static void merging_nothing_changes_nothing(void **state)
{
    (void)state;
    histogram_add(&h, 7);
    histogram_merge(&h, &other);
    assert_int_equal(h.min, 7);
    histogram_merge(&other, &h);
    assert_int_equal(other.min, 7);
    assert_int_equal(other.total, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_samples_everything_is_zero, set_up),
        cmocka_unit_test_setup(small_values_are_exact, set_up),
        cmocka_unit_test_setup(one_sample_is_every_percentile, set_up),
        cmocka_unit_test_setup(the_rare_and_slow_shows_where_it_should, set_up),
        cmocka_unit_test_setup(every_value_is_known_to_one_in_128, set_up),
        cmocka_unit_test_setup(what_is_beyond_the_top_is_the_maximum, set_up),
        cmocka_unit_test_setup(percentiles_are_those_of_the_sorted_samples, set_up),
        cmocka_unit_test_setup(two_merge_as_if_they_had_been_one, set_up),
        cmocka_unit_test_setup(merging_nothing_changes_nothing, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
