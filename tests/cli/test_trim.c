/* SPDX-License-Identifier: MIT
 *
 * When cli/trim.h gives memory back: the number of connections is played by the test.
 */
#include "cli/trim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct play {
    weft_loop *loop;
    struct trim trim;
};

static int begin(void **state)
{
    struct play *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_int_equal(weft_loop_new(&p->loop, NULL), 0);
    assert_int_equal(trim_init(&p->trim, p->loop), 0);
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct play *p = *state;
    trim_deinit(&p->trim);
    weft_loop_free(p->loop);
    free(p);
    return 0;
}

static void connections(struct play *p, uint64_t n)
{
    trim_look(&p->trim, n);
}

static void test_a_few_connections_are_not_worth_it(void **state)
{
    struct play *p = *state;
    connections(p, TRIM_PEAK - 1);
    connections(p, 0);
    assert_false(p->trim.waiting);
}

static void test_half_of_many_have_to_be_gone(void **state)
{
    struct play *p = *state;
    connections(p, TRIM_PEAK);
    connections(p, TRIM_PEAK / 2 + 1);
    assert_false(p->trim.waiting);
    connections(p, TRIM_PEAK / 2);
    assert_true(p->trim.waiting);
}

static void test_it_trims_once_and_then_not_for_a_while(void **state)
{
    struct play *p = *state;
    connections(p, 1000);
    connections(p, 10);
    uint64_t fell = weft_loop_now(p->loop);
    while (!p->trim.times) assert_int_equal(weft_loop_turn(p->loop, -1), 0);
    assert_true(weft_loop_now(p->loop) - fell >= TRIM_SETTLE * 1000);
    assert_false(p->trim.waiting);
    assert_int_equal(p->trim.peak, 10);

    connections(p, 1000);
    connections(p, 10);
    assert_true(p->trim.waiting);
    assert_true(p->trim.next > weft_loop_now(p->loop) + (TRIM_INTERVAL - 1000) * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_few_connections_are_not_worth_it, begin, end),
        cmocka_unit_test_setup_teardown(test_half_of_many_have_to_be_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_it_trims_once_and_then_not_for_a_while, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
