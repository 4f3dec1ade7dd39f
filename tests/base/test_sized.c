/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_sized.c - structs of the past and of the future, as they are taken
 */
#include "base/sized.h"

#include "unit.h"

/* A struct in four versions: what we know is the third. */
struct v1 {
    uint32_t a, b;
};

struct v2 {
    uint32_t a, b, c;
};

struct v3 {
    uint32_t a, b, c, d;
};

struct v4 {
    uint32_t a, b, c, d, e[2];
};

SIZED_TAKER(take, struct v3, b, 8, d)
SIZED_TAKER_AT(take, struct v3)

static const struct v3 untouched = {91, 92, 93, 94};

static void expect(const struct v3 *got, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const struct v3 want = {a, b, c, d};
    assert_memory_equal(got, &want, sizeof want);
}

static void test_the_same_version(void **state)
{
    (void)state;
    struct v3 got = untouched, from = {1, 2, 3, 4};
    assert_int_equal(take(NULL, &got, &from, sizeof from), 0);
    expect(&got, 1, 2, 3, 4);
}

static void test_of_the_past(void **state)
{
    (void)state;
    struct v3 got = untouched;
    struct v2 second = {1, 2, 3};
    assert_int_equal(take(NULL, &got, (struct v3 *)(void *)&second, sizeof second), 0);
    expect(&got, 1, 2, 3, 0);
    struct v1 first = {5, 6};
    got = untouched;
    assert_int_equal(take(NULL, &got, (struct v3 *)(void *)&first, sizeof first), 0);
    expect(&got, 5, 6, 0, 0);
}

/* Half of a field is no field, but it is not ours to know where theirs end. */
static void test_of_any_length_between(void **state)
{
    (void)state;
    for (size_t size = sizeof(struct v1); size < sizeof(struct v3); size++) {
        struct v3 got = untouched, want = {0};
        uint8_t *from = malloc(size);
        assert_non_null(from);
        memset(from, 0x55, size);
        memset(&want, 0x55, size);
        assert_int_equal(take(NULL, &got, (struct v3 *)(void *)from, size), 0);
        assert_memory_equal(&got, &want, sizeof want);
        free(from);
    }
}

static void test_of_the_future(void **state)
{
    (void)state;
    struct v3 got = untouched;
    struct v4 from = {1, 2, 3, 4, {0, 0}};
    assert_int_equal(take(NULL, &got, (struct v3 *)(void *)&from, sizeof from), 0);
    expect(&got, 1, 2, 3, 4);
}

/* Each byte that we do not know, and each bit of it. */
static void test_of_the_future_and_it_matters(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 64; bit++) {
        struct v3 got = untouched;
        struct v4 from = {1, 2, 3, 4, {0, 0}};
        from.e[bit / 32] = 1u << bit % 32;
        assert_int_equal(take(NULL, &got, (struct v3 *)(void *)&from, sizeof from), -EINVAL);
        assert_memory_equal(&got, &untouched, sizeof got);
    }
}

/* Nothing is there to be read. */
static void test_sizes_that_cannot_be(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, sizeof(struct v1) - 1, WEFT_SIZED_MAX + 1, SIZE_MAX};
    const struct v3 *nowhere = (const struct v3 *)8;
    for (size_t i = 0; i < countof(sizes); i++) {
        struct v3 got = untouched;
        assert_int_equal(take(NULL, &got, nowhere, sizes[i]), -EINVAL);
        assert_memory_equal(&got, &untouched, sizeof got);
    }
}

static void test_the_largest(void **state)
{
    (void)state;
    static uint32_t from[WEFT_SIZED_MAX / 4] = {1, 2, 3, 4};
    struct v3 got = untouched;
    assert_int_equal(take(NULL, &got, (struct v3 *)(void *)from, sizeof from), 0);
    expect(&got, 1, 2, 3, 4);
    from[countof(from) - 1] = 1;
    assert_int_equal(take(NULL, &got, (struct v3 *)(void *)from, sizeof from), -EINVAL);
    from[countof(from) - 1] = 0;
}

static void test_none(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, sizeof(struct v3), SIZE_MAX};
    for (size_t i = 0; i < countof(sizes); i++) {
        struct v3 got = untouched;
        assert_int_equal(take(NULL, &got, NULL, sizes[i]), 0);
        expect(&got, 0, 0, 0, 0);
    }
}

static void test_at(void **state)
{
    (void)state;
    struct v3 got, from = {1, 2, 3, 4};
    const struct v3 *at = &from;
    assert_int_equal(take_at(NULL, &got, &at, sizeof from), 0);
    assert_ptr_equal(at, &got);
    expect(at, 1, 2, 3, 4);
    at = NULL;
    assert_int_equal(take_at(NULL, &got, &at, 0), 0);
    assert_null(at);
    at = &from;
    assert_int_equal(take_at(NULL, &got, &at, 1), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_version),
        cmocka_unit_test(test_of_the_past),
        cmocka_unit_test(test_of_any_length_between),
        cmocka_unit_test(test_of_the_future),
        cmocka_unit_test(test_of_the_future_and_it_matters),
        cmocka_unit_test(test_sizes_that_cannot_be),
        cmocka_unit_test(test_the_largest),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
