/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_chunk.c - chunks: exact bytes, or nothing at all
 */
#include "http/chunk.h"

#include "output.h"
#include "queued.h"

static void lines(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 15, 16, 255, 4096, 0xabcdef, SIZE_MAX};
    for (size_t i = 0; i < countof(lens); i++) {
        char line[CHUNK_LINE_MAX], want[CHUNK_LINE_MAX + 1];
        size_t len = (size_t)snprintf(want, sizeof want, "%zx\r\n", lens[i]);
        assert_int_equal(chunk_line(line, lens[i]), len);
        assert_memory_equal(line, want, len);
    }
}

static void written(void **state)
{
    (void)state;
    assert_int_equal(chunk_write(&out, &heap.env, "0123456789abcdef", 16), 0);
    assert_int_equal(out.items, 1);
    assert_int_equal(chunk_end(&out, &heap.env), 0);
    expect_queued(&out, "10\r\n0123456789abcdef\r\n0\r\n\r\n");
    assert_int_equal(chunk_write(&out, &heap.env, "", SIZE_MAX - 5), -ENOMEM);
    expect_queued(&out, "");
}

static struct blob *hello(void)
{
    struct blob *b = blob_new(&heap.env, 20);
    b->len = 20;
    memcpy(b->data, "<<<hello, you all>>>", 20);
    return b;
}

static void shared(void **state)
{
    (void)state;
    struct blob *b = hello();
    struct iovec iov[4];
    assert_int_equal(outq_append(&out, &heap.env, "head;", 5), 0);
    assert_int_equal(chunk_blob(&out, &heap.env, b, 3, 14), 0);
    assert_int_equal(outq_iov(&out, iov, 4), 4);
    assert_ptr_equal(iov[2].iov_base, b->data + 3);
    assert_int_equal(chunk_end(&out, &heap.env), 0);
    blob_unref(b);
    expect_queued(&out, "head;e\r\nhello, you all\r\n0\r\n\r\n");
}

/* Whichever of the allocations fails: what was queued is what is queued. */
static void without_memory_nothing_is_queued(void **state)
{
    (void)state;
    struct blob *b = hello();
    int error = -ENOMEM;
    assert_int_equal(outq_append(&out, &heap.env, "head;", 5), 0);
    for (long nth = 0; error; nth++) {
        assert_true(nth < 10);
        heap_fail(&heap, nth);
        error = chunk_blob(&out, &heap.env, b, 3, 5);
        assert_int_equal(error, heap.asked > nth ? -ENOMEM : 0);
        if (error) assert_int_equal(out.bytes, 5);
    }
    static const char large[300];
    heap_fail(&heap, 0);
    assert_int_equal(chunk_write(&out, &heap.env, large, sizeof large), -ENOMEM);
    heap_fail(&heap, -1);
    blob_unref(b);
    expect_queued(&out, "head;5\r\nhello\r\n");
    heap_fail(&heap, 0);
    assert_int_equal(chunk_end(&out, &heap.env), -ENOMEM);
    heap_fail(&heap, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines),
        TEST(written),
        TEST(shared),
        TEST(without_memory_nothing_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
