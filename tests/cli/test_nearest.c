/* SPDX-License-Identifier: MIT
 *
 * Did you mean?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/nearest.h"

static void distance_counts_slips_of_the_finger(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("", ""), 0);
    assert_int_equal(nearest_distance("serve", "serve"), 0);
    assert_int_equal(nearest_distance("", "abc"), 3);
    assert_int_equal(nearest_distance("serv", "serve"), 1);
    assert_int_equal(nearest_distance("servee", "serve"), 1);
    assert_int_equal(nearest_distance("sorve", "serve"), 1);
    assert_int_equal(nearest_distance("sevre", "serve"), 1); /* a swap is one slip */
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
}

static void long_words_are_far_away(void **state)
{
    (void)state;
    const char *longest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 31 */
    assert_int_equal(nearest_distance(longest, "a"), 30);
    assert_int_equal(nearest_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a"), SIZE_MAX);
}

static const char *nearest_of(const char *word, const char *a, const char *b)
{
    struct nearest n = nearest_to(word);
    nearest_try(&n, a);
    nearest_try(&n, b);
    return n.best;
}

static void the_best_candidate_wins(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("prot", "port", "ping"), "port");
    assert_string_equal(nearest_of("prot", "ping", "port"), "port");
    assert_string_equal(nearest_of("max-mesage", "max-message", "max-connections"), "max-message");
}

static void nothing_is_suggested_for_something_else(void **state)
{
    (void)state;
    assert_null(nearest_of("xyzzy", "serve", "demo"));
    assert_null(nearest_of("q", "p", "v"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_slips_of_the_finger),
        cmocka_unit_test(long_words_are_far_away),
        cmocka_unit_test(the_best_candidate_wins),
        cmocka_unit_test(nothing_is_suggested_for_something_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
