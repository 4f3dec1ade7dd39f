/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_budget.c - so many a second, ten seconds' worth at once, for each address
 */
#include "channel/budget.h"

#include "channel/unit.h"

static void test_burst_and_rate(void **state)
{
    (void)state;
    static struct budgets b;
    budgets_init(&b, 7);
    for (int i = 0; i < 100; i++) assert_int_equal(budget_take(&b, "192.0.2.1", 10, 50000), 0);
    assert_int_equal(budget_take(&b, "192.0.2.1", 10, 50000), 100);
    assert_int_equal(budget_take(&b, "192.0.2.1", 10, 50099), 1);
    assert_int_equal(budget_take(&b, "192.0.2.1", 10, 50100), 0);
    assert_int_equal(budget_take(&b, "192.0.2.1", 10, 50100), 100);
    assert_int_equal(budget_take(&b, "192.0.2.2", 10, 50100), 0);
    for (int i = 0; i < 100; i++) assert_int_equal(budget_take(&b, "192.0.2.1", 10, 70000), 0);
    budgets_deinit(&b);
}

/* 64 bits of IPv6 are one. */
static void test_customers(void **state)
{
    (void)state;
    static struct budgets b;
    budgets_init(&b, 7);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(budget_take(&b, "2001:db8::1", 10, 50000), 0);
        assert_int_equal(budget_take(&b, "2001:db8::2:1", 10, 50000), 0);
    }
    assert_true(budget_take(&b, "2001:db8::3", 10, 50000) > 0);
    assert_int_equal(budget_take(&b, "2001:db8:0:1::1", 10, 50000), 0);
    budgets_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_rate),
        cmocka_unit_test(test_customers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
