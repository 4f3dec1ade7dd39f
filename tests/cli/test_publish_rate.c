/* SPDX-License-Identifier: MIT
 *
 * tests/cli/test_publish_rate.c - what --publish-rate may say
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/publish_rate.h"

static struct publish_rates read_all(const char *a, const char *b)
{
    struct publish_rates rates;
    const char *const texts[] = {a, b};
    struct flag_list list = {.n = b ? 2 : 1};
    for (size_t i = 0; i < list.n; i++) list.items[i] = texts[i];
    publish_rates_of(&rates, &list);
    assert_true(publish_rates_have_addresses(&list) ==
                (rates.of[PUBLISH_ADDRESS].messages || rates.of[PUBLISH_ADDRESS].bytes));
    return rates;
}

static void test_right(void **state)
{
    (void)state;
    char why[FLAG_WHY];
    static const char *const right[] = {"address: 50, 1M", "connection:20", " user : 0 , 64K ",
                                        "address: 0"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_true(publish_rate_check(right[i], why));
    struct publish_rates rates = read_all("address: 50, 1M", "user: 0, 64K");
    assert_int_equal(rates.of[PUBLISH_ADDRESS].messages, 50);
    assert_int_equal(rates.of[PUBLISH_ADDRESS].bytes, 1 << 20);
    assert_int_equal(rates.of[PUBLISH_USER].messages, 0);
    assert_int_equal(rates.of[PUBLISH_USER].bytes, 64 << 10);
    assert_int_equal(rates.of[PUBLISH_CONNECTION].messages, 0);
    rates = read_all("address: 50, 1M", "address: 7");
    assert_int_equal(rates.of[PUBLISH_ADDRESS].messages, 7);
    assert_int_equal(rates.of[PUBLISH_ADDRESS].bytes, 0);
    (void)read_all("user: 1", NULL);
}

static void test_wrong(void **state)
{
    (void)state;
    char why[FLAG_WHY];
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "there are address"},
        {"50", "there are address"},
        {"anyone: 50", "there are"},
        {"address", "MESSAGES"},
        {"address:", "MESSAGES"},
        {"address: x", "MESSAGES"},
        {"address: 5,", "MESSAGES"},
        {"address: 5, x", "MESSAGES"},
        {"address: 5, 1, 2", "BYTES"},
        {"address: 99999999999", "MESSAGES"},
        {"address: 1, 99G", "MESSAGES"},
        {"user: 000000000000000000000000000000000000000000000000000000000000000000000001",
         "too long"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(publish_rate_check(wrong[i].text, why));
        if (!strstr(why, wrong[i].says)) fail_msg("%s", why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_right), cmocka_unit_test(test_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
