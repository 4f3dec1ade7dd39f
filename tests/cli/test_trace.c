/* SPDX-License-Identifier: MIT
 *
 * tests/cli/test_trace.c - which of the library's lines are shown
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/trace.h"

static unsigned shown;

static void count(void *user, const char *line)
{
    (void)user;
    (void)line;
    shown++;
}

static unsigned shows(unsigned level, bool starting, int said)
{
    struct trace t;
    trace_init(&t, level, NULL, NULL);
    t.starting = starting;
    t.show = count;
    shown = 0;
    t.env.log(t.env.ctx, said, "said");
    return shown;
}

static void test_each_v_shows_more(void **state)
{
    (void)state;
    static const int levels[] = {WEFT_LOG_ERROR, WEFT_LOG_WARN, WEFT_LOG_INFO, WEFT_LOG_DEBUG};
    static const unsigned first[] = {0, 1, 1, 2}; /* the level that shows it */
    for (unsigned i = 0; i < 4; i++)
        for (unsigned level = 0; level <= 2; level++)
            assert_int_equal(shows(level, false, levels[i]), level >= first[i]);
}

/* The command says what was wrong in words of its own; -v is there for the rest, from the start on. */
static void test_while_it_starts_errors_wait_for_v(void **state)
{
    (void)state;
    assert_int_equal(shows(0, true, WEFT_LOG_ERROR), 0);
    assert_int_equal(shows(1, true, WEFT_LOG_ERROR), 1);
    assert_int_equal(shows(1, true, WEFT_LOG_INFO), 1);
    assert_int_equal(shows(1, true, WEFT_LOG_DEBUG), 0);
    assert_int_equal(shows(2, true, WEFT_LOG_DEBUG), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_v_shows_more),
        cmocka_unit_test(test_while_it_starts_errors_wait_for_v),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
