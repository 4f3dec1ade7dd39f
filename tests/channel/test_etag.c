/* SPDX-License-Identifier: MIT
 *
 * What a cache has, and whether that is still so.
 */
#include "channel/etag.h"

#include "channel/unit.h"

static void a_position_is_a_weak_tag(void **state)
{
    (void)state;
    const weft_position at = {.epoch = "k3f9a2c1", .offset = 42};
    const weft_position longest = {.epoch = "abcdefgh12345678", .offset = WEFT_OFFSET_MAX};
    char etag[ETAG_ROOM];
    etag_print(etag, &at, false);
    assert_string_equal(etag, "W/\"k3f9a2c1.42\"");
    etag_print(etag, &longest, false);
    assert_string_equal(etag, "W/\"abcdefgh12345678.9007199254740991\"");
    etag_print(etag, &longest, true);
    assert_string_equal(etag, "W/\"abcdefgh12345678.9007199254740991-0\"");
    assert_true(etag_matches(bytes_of_text(etag), etag));
    assert_false(etag_matches(bytes_of_text(etag), "W/\"abcdefgh12345678.9007199254740991\""));
}

static bool matches(const char *field)
{
    return etag_matches(bytes_of_text(field), "W/\"k3f9a2c1.42\"");
}

static void tags_compare_weakly(void **state)
{
    (void)state;
    assert_true(matches("W/\"k3f9a2c1.42\""));
    assert_true(matches("\"k3f9a2c1.42\""));
    assert_true(etag_matches(LITERAL("W/\"page-7\""), "\"page-7\""));
    assert_false(matches("W/\"k3f9a2c1.43\""));
    assert_false(matches("W/\"k3f9a2c1.4\""));
    assert_false(matches("W/\"K3F9A2C1.42\""));
    assert_false(matches("\"\""));
}

static void there_may_be_a_list(void **state)
{
    (void)state;
    assert_true(matches("\"a\", W/\"b\",W/\"k3f9a2c1.42\""));
    assert_true(matches("W/\"k3f9a2c1.42\", \"b\""));
    assert_true(matches(" , \"a\" ,\t, W/\"k3f9a2c1.42\" ,"));
    assert_true(matches("\"a,b\", \"k3f9a2c1.42\""));
    assert_false(matches("\"a, \"k3f9a2c1.42"));
    assert_false(matches("\"a\", \"b\""));
    assert_false(matches(""));
}

static void a_star_is_whatever_there_is(void **state)
{
    (void)state;
    assert_true(matches("*"));
    assert_true(matches(" * "));
    assert_false(matches("\"*\""));
    assert_false(matches("*, \"a\"")); /* a star stands alone */
}

static void what_is_not_in_order_has_nothing(void **state)
{
    (void)state;
    assert_false(matches("k3f9a2c1.42"));
    assert_false(matches("w/\"k3f9a2c1.42\""));
    assert_false(matches("W/k3f9a2c1.42"));
    assert_false(matches("\"k3f9a2c1.42"));
    assert_false(matches("W/"));
    assert_false(matches("x, \"k3f9a2c1.42\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_is_a_weak_tag),
        cmocka_unit_test(tags_compare_weakly),
        cmocka_unit_test(there_may_be_a_list),
        cmocka_unit_test(a_star_is_whatever_there_is),
        cmocka_unit_test(what_is_not_in_order_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
