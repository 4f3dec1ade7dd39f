/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_buf.c - the growing buffer: its maximum, and that a failure sticks
 */
#include "base/buf.h"

#include "unit.h"

static struct heap heap;
static struct buf b;

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    buf_init(&b, &heap.env, 1000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_deinit(&b);
    assert_int_equal(heap.live, 0);
    return 0;
}

static void expect(const char *want)
{
    assert_int_equal(b.len, strlen(want));
    assert_memory_equal(b.data, want, b.len);
}

static void test_append(void **state)
{
    (void)state;
    buf_append(&b, "abc", 3);
    buf_append(&b, NULL, 0);
    buf_text(&b, "def");
    buf_text(&b, "");
    buf_printf(&b, "%d-%s", 42, "x");
    expect("abcdef42-x");
    assert_false(b.failed);
    assert_int_equal(buf_bytes(&b).len, 10);
}

static void test_empty_allocates_nothing(void **state)
{
    (void)state;
    buf_append(&b, NULL, 0);
    buf_text(&b, "");
    assert_int_equal(heap.asked, 0);
}

/* One below, at, and one above the maximum, in one piece and byte by byte. */
static void test_maximum(void **state)
{
    (void)state;
    static const char bytes[1001];
    for (size_t n = 999; n <= 1001; n++) {
        buf_append(&b, bytes, n);
        assert_int_equal(b.failed, n > 1000);
        assert_int_equal(b.len, n > 1000 ? 0 : n);
        buf_deinit(&b);
        for (size_t i = 0; i < n; i++) buf_append(&b, "x", 1);
        assert_int_equal(b.failed, n > 1000);
        assert_int_equal(b.len, n > 1000 ? 1000 : n);
        assert_true(b.cap <= 1000);
        buf_deinit(&b);
    }
}

static void test_huge_lengths(void **state)
{
    (void)state;
    buf_append(&b, "abc", 3);
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    expect("abc");
}

static void test_failure_sticks(void **state)
{
    (void)state;
    buf_text(&b, "abc");
    heap_fail(&heap, 0);
    buf_printf(&b, "%0200d", 1);
    assert_true(b.failed);
    buf_text(&b, "d");
    buf_printf(&b, "e");
    assert_null(buf_reserve(&b, 1));
    expect("abc");
    buf_deinit(&b); /* usable again */
    assert_false(b.failed);
    buf_text(&b, "new");
    expect("new");
}

static void test_reserve(void **state)
{
    (void)state;
    uint8_t *to = buf_reserve(&b, 500);
    assert_non_null(to);
    memset(to, 'x', 500); /* there is room for all of it */
    assert_int_equal(b.len, 0);
    b.len = 500;
    assert_ptr_equal(buf_reserve(&b, 0), b.data + 500);
    assert_non_null(buf_reserve(&b, 500));
    assert_null(buf_reserve(&b, 501));
}

static void test_consume(void **state)
{
    (void)state;
    buf_text(&b, "abcdef");
    buf_consume(&b, 0);
    expect("abcdef");
    buf_consume(&b, 2);
    expect("cdef");
    buf_text(&b, "g");
    expect("cdefg");
    buf_consume(&b, 5);
    assert_int_equal(b.len, 0);
    buf_text(&b, "again");
    expect("again");
}

static void test_every_allocation_failing(void **state)
{
    (void)state;
    for (long nth = 0;; nth++) {
        heap_fail(&heap, nth);
        for (int i = 0; i < 90; i++) buf_text(&b, "0123456789");
        bool failed = heap.asked > nth;
        assert_int_equal(b.failed, failed);
        assert_int_equal(b.len % 10, 0);
        for (size_t i = 0; i < b.len; i++) assert_int_equal(b.data[i], '0' + i % 10);
        buf_deinit(&b);
        if (!failed) break;
    }
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_append),       unit(test_empty_allocates_nothing),  unit(test_maximum),
        unit(test_huge_lengths), unit(test_failure_sticks),           unit(test_reserve),
        unit(test_consume),      unit(test_every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
