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

static bool hints(struct once *once, const char *said)
{
    struct trace t;
    trace_init(&t, 0, NULL, once);
    t.show = count;
    shown = 0;
    t.env.log(t.env.ctx, WEFT_LOG_DEBUG, said);
    return shown;
}

/* Without -v: what who runs the server can change, each thing once, whoever it was about. */
static void test_hints_are_shown_once(void **state)
{
    (void)state;
    struct once said;
    once_init(&said);
    assert_false(hints(&said, "192.0.2.1:80: refused with 404: there is nothing at this path"));
    assert_true(hints(&said, "192.0.2.1:80: refused with 403: the origin (--origin a)"));
    assert_false(hints(&said, "192.0.2.2:81: refused with 403: the origin (--origin a)"));
    assert_true(hints(&said, "192.0.2.2:81: refused with 403: the origin (--origin b)"));
    assert_true(hints(&said, "192.0.2.2:81: refused with 426: a proxy in front has to do it"));
    assert_true(hints(&said, "192.0.2.1 is not believed (--trust-proxy 192.0.2.1)"));
    assert_false(hints(&said, "192.0.2.1 is not believed (--trust-proxy 192.0.2.1)"));
    assert_false(hints(NULL, "192.0.2.2:81: refused with 403: the origin (--origin c)"));
    once_deinit(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_v_shows_more),
        cmocka_unit_test(test_while_it_starts_errors_wait_for_v),
        cmocka_unit_test(test_hints_are_shown_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
