/* SPDX-License-Identifier: MIT
 *
 * When which message is due; and that a server that stalls cannot hide it. The clock is a number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "cli/histogram.h"
#include "cli/pace.h"

#define MS UINT64_C(1000000)

static void messages_are_due_at_even_distances(void **state)
{
    (void)state;
    struct pace p = {.rate = 1000, .workers = 1};
    assert_int_equal(pace_due(&p, 0), 0);
    assert_int_equal(pace_due(&p, 1), 1 * MS);
    assert_int_equal(pace_due(&p, 1500), 1500 * MS);
}

static void a_rate_that_does_not_divide_a_second_does_not_drift(void **state)
{
    (void)state;
    struct pace p = {.rate = 3, .workers = 1};
    assert_int_equal(pace_due(&p, 1), 333333333);
    assert_int_equal(pace_due(&p, 2), 666666666);
    assert_int_equal(pace_due(&p, 3), PACE_SECOND);
    assert_int_equal(pace_due(&p, 3 * UINT64_C(86400) * 365), PACE_SECOND * 86400 * 365);
}

/* pace_count is the inverse of pace_due: message nth is counted from one nanosecond after it was due. */
static void counted_is_exactly_what_is_due(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 3, 7, 1000, 1001, 99999, 1000000, 333333333, PACE_SECOND};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
        for (uint64_t worker = 0; worker < 3; worker++) {
            struct pace p = {.rate = rates[r], .worker = worker, .workers = 3};
            assert_int_equal(pace_count(&p, 0), 0);
            for (uint64_t nth = 0; nth < 2000; nth += 1 + nth / 10) {
                assert_int_equal(pace_count(&p, pace_due(&p, nth)), nth);
                assert_int_equal(pace_count(&p, pace_due(&p, nth) + 1), nth + 1);
            }
        }
}

static void workers_share_a_rate_without_gaps(void **state)
{
    (void)state;
    struct pace all = {.rate = 12345, .workers = 1};
    for (uint64_t k = 0; k < 1000; k++) {
        struct pace p = {.rate = 12345, .worker = k % 4, .workers = 4};
        assert_int_equal(pace_due(&p, k / 4), pace_due(&all, k));
    }
    for (uint64_t time = 0; time < 2 * PACE_SECOND; time += 1234567) {
        uint64_t sum = 0;
        for (uint64_t w = 0; w < 4; w++)
            sum += pace_count(&(struct pace){.rate = 12345, .worker = w, .workers = 4}, time);
        assert_int_equal(sum, pace_count(&all, time));
    }
}

/* 100 messages a second for ten seconds to a server that answers in 1 ms, but stands still from 4 s to
 * 5 s. Who waits for replies before asking again sees one slow answer in 900. In truth a hundred messages
 * were due meanwhile, and they waited 1000, 990, 980 ... ms. */
static uint64_t answered_at(uint64_t asked)
{
    bool stands_still = asked >= 4000 * MS && asked < 5000 * MS;
    return (stands_still ? 5000 * MS : asked) + 1 * MS;
}

static void a_stall_is_not_omitted(void **state)
{
    (void)state;
    static struct histogram honest, fooled;
    memset(&honest, 0, sizeof honest);
    memset(&fooled, 0, sizeof fooled);
    struct pace p = {.rate = 100, .workers = 1};
    for (uint64_t nth = 0; nth < pace_count(&p, 10000 * MS); nth++)
        histogram_add(&honest, answered_at(pace_due(&p, nth)) - pace_due(&p, nth));

    for (uint64_t now = 0; now < 10000 * MS;) {
        uint64_t answer = answered_at(now);
        histogram_add(&fooled, answer - now);
        now = answer > now + 10 * MS ? answer : now + 10 * MS;
    }

    assert_int_equal(honest.total, 1000);
    assert_int_equal(honest.max, 1001 * MS);
    assert_in_range(histogram_at(&honest, 0.9), 1 * MS, 1 * MS + MS / 128);
    assert_in_range(histogram_at(&honest, 0.95), 501 * MS, 501 * MS + 4 * MS);
    assert_in_range(histogram_at(&honest, 0.99), 901 * MS, 901 * MS + 8 * MS);

    assert_in_range(fooled.total, 898, 902);
    assert_in_range(histogram_at(&fooled, 0.99), 1 * MS, 1 * MS + MS / 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_due_at_even_distances),
        cmocka_unit_test(a_rate_that_does_not_divide_a_second_does_not_drift),
        cmocka_unit_test(counted_is_exactly_what_is_due),
        cmocka_unit_test(workers_share_a_rate_without_gaps),
        cmocka_unit_test(a_stall_is_not_omitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
