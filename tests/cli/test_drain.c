/* SPDX-License-Identifier: MIT
 *
 * How long a server takes to end: what was said, and what holds where nothing was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/drain.h"

static void assert_times(uint64_t delay, uint64_t drain, bool supervised, bool passed,
                         uint64_t want_delay, uint64_t want_drain)
{
    const struct drain_times said = {delay, drain};
    struct drain_times got = drain_times_of(&said, supervised, passed);
    assert_int_equal(got.delay, want_delay);
    assert_int_equal(got.drain, want_drain);
}

static void test_times(void **state)
{
    (void)state;
    assert_times(DRAIN_UNSAID, DRAIN_UNSAID, false, false, 0, 0); /* a shell, a test */
    assert_times(DRAIN_UNSAID, DRAIN_UNSAID, true, false, 5000, 20000);
    assert_times(DRAIN_UNSAID, DRAIN_UNSAID, true, true, 0, 5000);
    assert_times(7, DRAIN_UNSAID, false, false, 7, 0); /* each for itself */
    assert_times(DRAIN_UNSAID, 8, false, false, 0, 8);
    assert_times(0, 0, true, true, 0, 0);
    assert_times(7, 8, true, true, 7, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
