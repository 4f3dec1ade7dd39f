/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_limits.c - each limit: 0 means the default, anything else what was set
 */
#include "base/limits.h"

#include "unit.h"

static void test_defaults(void **state)
{
    (void)state;
    const weft_limits zero = {0};
#define EXPECT_DEFAULT(name, value, unit, text)           \
    assert_true(limit_##name(NULL) == (uint64_t)(value)); \
    assert_true(limit_##name(&zero) == (uint64_t)(value));
    WEFT_LIMITS(EXPECT_DEFAULT)
#undef EXPECT_DEFAULT
}

static void test_set(void **state)
{
    (void)state;
    static const uint64_t values[] = {1, 4711, UINT64_MAX - 1, WEFT_NEVER};
    for (size_t i = 0; i < countof(values); i++) {
        weft_limits l = {0};
#define EXPECT_SET(name, value, unit, text)     \
    l.name = values[i];                         \
    assert_true(limit_##name(&l) == values[i]); \
    l.name = 0;
        WEFT_LIMITS(EXPECT_SET)
#undef EXPECT_SET
    }
}

/* One limit does not stand in for another. */
static void test_each_is_its_own(void **state)
{
    (void)state;
    uint64_t n = 1;
    weft_limits l;
#define NUMBER(name, value, unit, text) l.name = n++;
    WEFT_LIMITS(NUMBER)
#undef NUMBER
    n = 1;
#define EXPECT_NUMBER(name, value, unit, text) assert_true(limit_##name(&l) == n++);
    WEFT_LIMITS(EXPECT_NUMBER)
#undef EXPECT_NUMBER
    assert_int_equal(sizeof l, (n - 1) * sizeof(uint64_t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_each_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
