/* SPDX-License-Identifier: MIT
 *
 * Whether a type is named in Accept.
 */
#include "channel/accept.h"

#include "channel/unit.h"

static bool names_html(const char *accept)
{
    return accept_names(bytes_of_text(accept), "text/html");
}

static void a_type_is_named_wherever_it_stands(void **state)
{
    (void)state;
    assert_true(names_html("text/html"));
    assert_true(names_html(
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")); /* a browser's */
    assert_true(names_html("application/json , text/html"));
    assert_true(names_html("\ttext/html ; charset=utf-8"));
    assert_true(names_html("TEXT/HTML"));
    assert_true(names_html(",,text/html,"));
}

static void a_star_names_nothing(void **state)
{
    (void)state;
    assert_false(names_html("*/*")); /* curl's, and fetch's */
    assert_false(names_html("text/*"));
    assert_false(names_html(""));
    assert_false(names_html("text/htmlx"));
    assert_false(names_html("xtext/html"));
    assert_false(names_html("application/json"));
}

static void weight_0_is_no(void **state)
{
    (void)state;
    assert_false(names_html("text/html;q=0"));
    assert_false(names_html("text/html; q=0.000"));
    assert_false(names_html("text/html;level=1;Q=0."));
    assert_true(names_html("text/html;q=0.001"));
    assert_true(names_html("text/html;q=1"));
    assert_true(names_html("text/html;q=0, text/html;level=1"));
    assert_true(names_html("text/html;q="));
}

static void quotes_hide_separators(void **state)
{
    (void)state;
    assert_false(names_html("a/b;x=\", text/html, \""));
    assert_true(names_html("a/b;x=\"\\\",\", text/html"));
    assert_false(names_html("a/b;x=\"never closed, text/html"));
    assert_true(names_html("text/html;x=\";q=0\""));
}

static void event_streams_are_named_like_this(void **state)
{
    (void)state;
    assert_true(accept_names(LITERAL("text/event-stream"), "text/event-stream"));
    assert_false(accept_names(LITERAL("text/html"), "text/event-stream"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_is_named_wherever_it_stands),
        cmocka_unit_test(a_star_names_nothing),
        cmocka_unit_test(weight_0_is_no),
        cmocka_unit_test(quotes_hide_separators),
        cmocka_unit_test(event_streams_are_named_like_this),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
