/* SPDX-License-Identifier: MIT
 *
 * Prices walk, but not away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/market.h"

static void the_same_seed_gives_the_same_walk(void **state)
{
    (void)state;
    struct market a, b, c;
    market_init(&a, 1);
    market_init(&b, 1);
    market_init(&c, 2);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(market_step(&a), market_step(&b));
        market_step(&c);
    }
    char x[MARKET_JSON_MAX], y[MARKET_JSON_MAX], z[MARKET_JSON_MAX];
    market_print(&a, 0, true, x);
    market_print(&b, 0, true, y);
    market_print(&c, 0, true, z);
    assert_string_equal(x, y);
    assert_string_not_equal(x, z);
}

static void prices_stay_sensible_for_a_long_time(void **state)
{
    (void)state;
    struct market m, first;
    market_init(&m, 42);
    first = m;
    size_t moved = 0;
    for (int i = 0; i < 200000; i++) moved += market_step(&m); /* 11 hours */
    for (size_t i = 0; i < MARKET_STOCKS; i++) {
        assert_true(m.stocks[i].cents > first.stocks[i].cents / 4);
        assert_true(m.stocks[i].cents < first.stocks[i].cents * 4);
    }
    assert_true(moved > 200000); /* and they do move */
}

static void only_what_moved_is_told(void **state)
{
    (void)state;
    struct market m = {0};
    char json[MARKET_JSON_MAX];
    assert_int_equal(market_print(&m, 7, false, json), strlen("{\"t\": 7, \"quotes\": []}"));
    assert_string_equal(json, "{\"t\": 7, \"quotes\": []}");

    m.stocks[0].cents = 10125;
    m.stocks[1].cents = 5510;
    m.stocks[0].moved = m.stocks[1].moved = true;
    size_t len = market_print(&m, 1732233600123, false, json);
    assert_string_equal(json, "{\"t\": 1732233600123, "
                              "\"quotes\": [[\"ACME\", 101.25], [\"BOLT\", 55.10]]}");
    assert_int_equal(len, strlen(json));
}

static void the_first_message_has_everything_and_the_names(void **state)
{
    (void)state;
    struct market m;
    market_init(&m, 3);
    char json[MARKET_JSON_MAX];
    size_t len = market_print(&m, UINT64_MAX, true, json);
    assert_int_equal(len, strlen(json));
    assert_non_null(strstr(json, "[\"LOOM\", "));
    assert_non_null(strstr(json, "], \"names\": {\"ACME\": \"Acme Tools\", "));
    assert_string_equal(json + len - 2, "}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_walk),
        cmocka_unit_test(prices_stay_sensible_for_a_long_time),
        cmocka_unit_test(only_what_moved_is_told),
        cmocka_unit_test(the_first_message_has_everything_and_the_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
