/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_error.c - every error has a name and words
 */
#include "unit.h"

static void test_ours(void **state)
{
    (void)state;
#define EXPECT_ERROR(name, number, text)                                   \
    assert_int_equal(WEFT_ERR_##name, WEFT_ERR_BASE - (number));           \
    assert_string_equal(weft_errname(WEFT_ERR_##name), "WEFT_ERR_" #name); \
    assert_string_equal(weft_strerror(WEFT_ERR_##name), text);
    WEFT_ERRORS(EXPECT_ERROR)
#undef EXPECT_ERROR
}

static void test_numbers_differ(void **state)
{
    (void)state;
    static const int all[] = {
#define ERROR_NUMBER(name, number, text) WEFT_ERR_##name,
        WEFT_ERRORS(ERROR_NUMBER)
#undef ERROR_NUMBER
    };
    for (size_t i = 0; i < countof(all); i++)
        for (size_t j = i + 1; j < countof(all); j++) assert_true(all[i] != all[j]);
}

static void test_the_systems(void **state)
{
    (void)state;
    assert_string_equal(weft_errname(-ECONNREFUSED), "ECONNREFUSED");
    assert_string_equal(weft_errname(-ENOMEM), "ENOMEM");
    assert_string_equal(weft_strerror(-ECONNREFUSED), "Connection refused");
}

static void test_good_and_unknown(void **state)
{
    (void)state;
    static const int unknown[] = {-9999, WEFT_ERR_BASE, WEFT_ERR_BASE - 999, -2147483647 - 1};
    assert_string_equal(weft_errname(0), "OK");
    assert_string_equal(weft_errname(7), "OK");
    assert_string_equal(weft_strerror(0), "success");
    for (size_t i = 0; i < countof(unknown); i++) {
        assert_string_equal(weft_errname(unknown[i]), "UNKNOWN");
        assert_string_equal(weft_strerror(unknown[i]), "unknown error");
    }
}

static void test_version(void **state)
{
    (void)state;
    char text[16];
    unsigned number = weft_version_number();
    assert_string_equal(weft_version(), WEFT_VERSION);
    assert_int_equal(number, WEFT_VERSION_NUMBER);
    snprintf(text, sizeof text, "%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
    assert_string_equal(text, WEFT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),        cmocka_unit_test(test_numbers_differ),
        cmocka_unit_test(test_the_systems), cmocka_unit_test(test_good_and_unknown),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
