/* SPDX-License-Identifier: MIT
 *
 * Numbers, sizes and durations as people type them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/values.h"

static void assert_size(const char *text, uint64_t bytes)
{
    uint64_t value = 0;
    assert_true(value_size(text, &value));
    assert_int_equal(value, bytes);
}

static void assert_time(const char *text, uint64_t ms)
{
    uint64_t value = 0;
    assert_true(value_time(text, &value));
    assert_int_equal(value, ms);
}

static void a_number_is_digits_and_nothing_else(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(value_number("8080", &value));
    assert_int_equal(value, 8080);
    assert_false(value_number("18446744073709551616", &value));
    assert_false(value_number("", &value));
    assert_false(value_number("-1", &value));
    assert_false(value_number("+1", &value));
    assert_false(value_number(" 1", &value));
    assert_false(value_number("1 ", &value));
    assert_false(value_number("1K", &value));
    assert_false(value_number("http", &value));
    assert_int_equal(value, 8080);
}

static void a_size_takes_k_m_and_g(void **state)
{
    (void)state;
    assert_size("0", 0);
    assert_size("65536", 65536);
    assert_size("64K", 64 << 10);
    assert_size("64k", 64 << 10);
    assert_size("16M", 16 << 20);
    assert_size("2G", UINT64_C(2) << 30);
    assert_size("5B", 5);
    uint64_t value;
    assert_false(value_size("K", &value));
    assert_false(value_size("1.5M", &value));
    assert_false(value_size("1KK", &value));
    assert_false(value_size("1T", &value));
    assert_false(value_size("99999999999G", &value));
}

static void a_time_is_in_seconds_unless_it_says_otherwise(void **state)
{
    (void)state;
    assert_time("10", 10000);
    assert_time("10s", 10000);
    assert_time("500ms", 500);
    assert_time("2m", 120000);
    assert_time("1h", 3600000);
    assert_time("0.5", 500);
    assert_time("1.25s", 1250);
    assert_time("0", 0);
    uint64_t value;
    assert_false(value_time("s", &value));
    assert_false(value_time(".5", &value));
    assert_false(value_time("1.", &value));
    assert_false(value_time("10 s", &value));
    assert_false(value_time("1d", &value));
}

static void values_are_printed_as_short_as_they_are_exact(void **state)
{
    (void)state;
    char text[32];
    value_print_size(text, sizeof text, 65536);
    assert_string_equal(text, "64K");
    value_print_size(text, sizeof text, 1);
    assert_string_equal(text, "1B");
    value_print_time(text, sizeof text, 1500);
    assert_string_equal(text, "1500ms");
    value_print_time(text, sizeof text, 60000);
    assert_string_equal(text, "1m");
    value_print_time(text, sizeof text, 0);
    assert_string_equal(text, "0ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_digits_and_nothing_else),
        cmocka_unit_test(a_size_takes_k_m_and_g),
        cmocka_unit_test(a_time_is_in_seconds_unless_it_says_otherwise),
        cmocka_unit_test(values_are_printed_as_short_as_they_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
