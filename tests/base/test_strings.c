/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_strings.c - a list of strings, and its copy
 */
#include "base/strings.h"

#include "unit.h"

static void test_a_copy(void **state)
{
    (void)state;
    char first[] = "first", empty[] = "", last[] = "last";
    const char *list[] = {first, empty, last, NULL};
    const char *const *copy;
    assert_int_equal(strings_copy(&copy, NULL, list), 0);
    memset(first, 'x', 5);
    list[2] = NULL;
    assert_string_equal(copy[0], "first");
    assert_string_equal(copy[1], "");
    assert_string_equal(copy[2], "last");
    assert_null(copy[3]);
    strings_free(NULL, copy);
}

static void test_of_nothing(void **state)
{
    (void)state;
    static const char *const list[] = {NULL};
    const char *const *copy;
    assert_int_equal(strings_copy(&copy, NULL, list), 0);
    assert_non_null(copy);
    assert_null(copy[0]);
    strings_free(NULL, copy);
    assert_int_equal(strings_copy(&copy, NULL, NULL), 0);
    assert_null(copy);
    strings_free(NULL, copy);
}

static void *no_memory(void *ctx, void *p, size_t size)
{
    (void)ctx, (void)p, (void)size;
    return NULL;
}

static void test_without_memory(void **state)
{
    (void)state;
    static const char *const list[] = {"one", NULL};
    static const weft_env env = {.realloc = no_memory};
    const char *const *copy = list;
    assert_int_equal(strings_copy(&copy, &env, list), -ENOMEM);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy),
        cmocka_unit_test(test_of_nothing),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
