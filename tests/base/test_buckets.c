/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_buckets.c - so many a second, so much at once, for each key; and never more than the table holds
 */
#include "base/unit.h"

enum { SECOND = 1000000 };

static weft_buckets *made(size_t places)
{
    weft_buckets *b;
    assert_int_equal(weft_buckets_new(&b, NULL, places), 0);
    return b;
}

static weft_bytes key_of(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static uint64_t take_of(weft_buckets *b, const char *key, uint64_t amount, uint64_t now_us)
{
    const weft_take t = {.key = key_of(key), .amount = amount, .per_s = 10};
    return weft_buckets_take(b, &t, 1, now_us);
}

static void test_burst_and_rate(void **state)
{
    (void)state;
    weft_buckets *b = made(64);
    for (int i = 0; i < 100; i++) assert_int_equal(take_of(b, "192.0.2.1", 1, 50 * SECOND), 0);
    assert_int_equal(take_of(b, "192.0.2.1", 1, 50 * SECOND), 100);
    assert_int_equal(take_of(b, "192.0.2.1", 1, 50099 * 1000), 1);
    assert_int_equal(take_of(b, "192.0.2.1", 1, 50100 * 1000 - 1), 1);
    assert_int_equal(take_of(b, "192.0.2.1", 1, 50100 * 1000), 0);
    assert_int_equal(take_of(b, "192.0.2.1", 1, 50100 * 1000), 100);
    assert_int_equal(take_of(b, "192.0.2.2", 1, 50100 * 1000), 0);
    for (int i = 0; i < 100; i++) assert_int_equal(take_of(b, "192.0.2.1", 1, 70 * SECOND), 0);
    weft_buckets_free(b);
}

/* 5,000 a second are one each 200 us, and 3 one each 333,334. */
static void test_rates_that_do_not_divide(void **state)
{
    (void)state;
    weft_buckets *b = made(1);
    const weft_take fast = {.key = key_of("a"), .amount = 1, .per_s = 5000, .burst = 1};
    const weft_take slow = {.key = key_of("b"), .amount = 1, .per_s = 3, .burst = 1};
    assert_int_equal(weft_buckets_take(b, &fast, 1, SECOND), 0);
    assert_int_equal(weft_buckets_take(b, &fast, 1, SECOND), 1);
    assert_int_equal(weft_buckets_take(b, &fast, 1, SECOND + 200), 0);
    assert_int_equal(weft_buckets_take(b, &slow, 1, SECOND), 0);
    assert_int_equal(weft_buckets_take(b, &slow, 1, SECOND), 334);
    assert_int_equal(weft_buckets_take(b, &slow, 1, SECOND + 333334), 0);
    weft_buckets_free(b);
}

/* A full bucket gives more than it holds, and owes that. */
static void test_more_than_it_holds(void **state)
{
    (void)state;
    weft_buckets *b = made(8);
    assert_int_equal(take_of(b, "a", 1, SECOND), 0);
    assert_int_equal(take_of(b, "a", 250, SECOND), 100);
    assert_int_equal(take_of(b, "a", 250, SECOND + SECOND / 10), 0);
    assert_int_equal(take_of(b, "a", 1, SECOND + SECOND / 10), 15100);
    assert_int_equal(take_of(b, "a", UINT64_MAX, 100 * (uint64_t)SECOND), 0);
    assert_true(take_of(b, "a", 1, 1000 * (uint64_t)SECOND) > 1000000);
    assert_true(take_of(b, "a", UINT64_MAX, 1000 * (uint64_t)SECOND) > 1000000);
    weft_buckets_free(b);
}

static void test_all_or_none(void **state)
{
    (void)state;
    weft_buckets *b = made(64);
    const weft_take both[] = {
        {.key = key_of("messages"), .amount = 1, .per_s = 10, .burst = 2},
        {.key = key_of("bytes"), .amount = 600, .per_s = 1000, .burst = 1000},
        {.key = key_of("free"), .amount = 1u << 30},
    };
    assert_int_equal(weft_buckets_take(b, both, 3, SECOND), 0);
    assert_int_equal(weft_buckets_take(b, both, 3, SECOND), 200);
    assert_int_equal(weft_buckets_take(b, both, 1, SECOND), 0);
    assert_int_equal(weft_buckets_take(b, both, 3, SECOND), 200);
    assert_int_equal(weft_buckets_take(b, both, 1, SECOND), 100);
    assert_int_equal(weft_buckets_take(b, both, 3, SECOND + 200000), 0);
    weft_buckets_free(b);
}

/* Of 8 places by 100 keys: what they have taken together is bounded, and who is full makes room. */
static void test_many_keys(void **state)
{
    (void)state;
    char key[16];
    size_t taken = 0;
    weft_buckets *b = made(8);
    for (int round = 0; round < 200; round++)
        for (int i = 0; i < 100; i++) {
            snprintf(key, sizeof key, "key%d", i);
            taken += take_of(b, key, 1, SECOND) == 0;
        }
    assert_in_range(taken, 700, 800);
    assert_int_equal(take_of(b, "another", 1, 12 * SECOND), 0);
    weft_buckets_free(b);
}

/* Keys that are prefixes of each other, empty ones and long ones are different. */
static void test_keys(void **state)
{
    (void)state;
    static const char zeros[40];
    weft_buckets *b = made(4096);
    for (size_t len = 0; len <= sizeof zeros; len++) {
        const weft_take t = {
            .key = {(const uint8_t *)zeros, len}, .amount = 1, .per_s = 1, .burst = 1};
        assert_int_equal(weft_buckets_take(b, &t, 1, SECOND), 0);
        assert_int_equal(weft_buckets_take(b, &t, 1, SECOND), 1000);
    }
    weft_buckets_free(b);
}

static int no_random(void *ctx, void *buf, size_t len)
{
    (void)ctx, (void)buf, (void)len;
    return -ENOSYS;
}

static void test_what_fails(void **state)
{
    (void)state;
    weft_buckets *b;
    const weft_env env = {.random = no_random};
    assert_int_equal(weft_buckets_new(&b, &env, 8), -ENOSYS);
    assert_null(b);
    assert_int_equal(weft_buckets_new(&b, NULL, SIZE_MAX), -ENOMEM);
    assert_int_equal(weft_buckets_new_sized(&b, &env, 1, 8), -EINVAL);
    struct heap heap;
    heap_init(&heap);
    heap_fail(&heap, 0);
    assert_int_equal(weft_buckets_new(&b, &heap.env, 8), -ENOMEM);
    heap_fail(&heap, -1);
    assert_int_equal(weft_buckets_new(&b, &heap.env, 8), 0);
    assert_int_equal(heap.live, 1);
    weft_buckets_free(b);
    assert_int_equal(heap.live, 0);
    weft_buckets_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_rate),     cmocka_unit_test(test_rates_that_do_not_divide),
        cmocka_unit_test(test_more_than_it_holds), cmocka_unit_test(test_all_or_none),
        cmocka_unit_test(test_many_keys),          cmocka_unit_test(test_keys),
        cmocka_unit_test(test_what_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
