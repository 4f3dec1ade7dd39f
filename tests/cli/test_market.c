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
    market_print(&a, 0, 0, x);
    market_print(&b, 0, 0, y);
    market_print(&c, 0, 0, z);
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

static void at_first_all_have_moved(void **state)
{
    (void)state;
    struct market m;
    market_init(&m, 3);
    for (size_t i = 0; i < MARKET_STOCKS; i++) assert_true(m.stocks[i].moved);
    size_t moved = 0, said = market_step(&m);
    for (size_t i = 0; i < MARKET_STOCKS; i++) moved += m.stocks[i].moved;
    assert_int_equal(moved, said);
    assert_true(moved < MARKET_STOCKS);
}

static void a_price_is_an_object(void **state)
{
    (void)state;
    struct market m = {0};
    char json[MARKET_JSON_MAX];
    m.stocks[0].cents = 10125;
    m.stocks[1].cents = 5505;
    size_t len = market_print(&m, 0, 1732233600123, json);
    assert_string_equal(
        json,
        "{\"symbol\": \"ACME\", \"name\": \"Acme Tools\", \"price\": 101.25, \"t\": 1732233600123}");
    assert_int_equal(len, strlen(json));
    market_print(&m, 1, UINT64_MAX, json);
    assert_string_equal(json, "{\"symbol\": \"BOLT\", \"name\": \"Bolt & Nut\", \"price\": 55.05, "
                              "\"t\": 18446744073709551615}");
    assert_string_equal(market_symbol(11), "LOOM");
}

static void all_prices_are_one_object(void **state)
{
    (void)state;
    struct market m = {0};
    char json[MARKET_ALL_MAX];
    m.stocks[0].cents = 10125;
    m.stocks[11].cents = 14907;
    size_t len = market_print_all(&m, 1732233600123, json);
    assert_int_equal(len, strlen(json));
    assert_ptr_equal(
        strstr(json, "{\"t\": 1732233600123, \"prices\": {\"ACME\": 101.25, \"BOLT\": 0.00, "),
        json);
    assert_non_null(strstr(json, ", \"LOOM\": 149.07}}"));
    for (size_t i = 0; i < MARKET_STOCKS; i++) m.stocks[i].cents = 99999999;
    assert_in_range(market_print_all(&m, UINT64_MAX, json), 1, MARKET_ALL_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_walk),
        cmocka_unit_test(prices_stay_sensible_for_a_long_time),
        cmocka_unit_test(at_first_all_have_moved),
        cmocka_unit_test(a_price_is_an_object),
        cmocka_unit_test(all_prices_are_one_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
