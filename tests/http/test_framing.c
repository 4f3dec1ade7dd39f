/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_framing.c - the body of one reply, in each of the ways it can be told from what follows
 */
#include "http/framing.h"

#include "output.h"
#include "queued.h"

static int write_text(struct framing *f, const char *text)
{
    return framing_write(f, &out, &heap.env, text, strlen(text));
}

/* The text, of a blob that has more at both ends. */
static int share_text(struct framing *f, const char *text)
{
    size_t len = strlen(text);
    struct blob *b = blob_new(&heap.env, len + 4);
    b->len = len + 4;
    memset(b->data, '#', b->len);
    memcpy(b->data + 2, text, len);
    int error = framing_blob(f, &out, &heap.env, b, 2, len);
    blob_unref(b);
    return error;
}

static int finish(struct framing *f)
{
    return framing_end(f, &out, &heap.env);
}

static void it_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct framing) <= 16);
}

static void a_length(void **state)
{
    (void)state;
    struct framing f = framing_of(BODY_LENGTH, 8, false);
    assert_int_equal(write_text(&f, "hel"), 0);
    assert_int_equal(write_text(&f, "lo, there"), WEFT_ERR_STATE);
    assert_int_equal(share_text(&f, "lo, yo"), WEFT_ERR_STATE);
    assert_int_equal(finish(&f), WEFT_ERR_STATE);
    assert_int_equal(share_text(&f, "lo, y"), 0);
    assert_int_equal(write_text(&f, ""), 0);
    assert_int_equal(finish(&f), 0);
    expect_queued(&out, "hello, y");
}

static void chunks(void **state)
{
    (void)state;
    struct framing f = framing_of(BODY_CHUNKED, UINT64_MAX, false);
    assert_int_equal(write_text(&f, "hello"), 0);
    assert_int_equal(write_text(&f, ""), 0); /* which would end it */
    assert_int_equal(share_text(&f, ""), 0);
    assert_int_equal(share_text(&f, "0123456789abcdef"), 0);
    assert_int_equal(finish(&f), 0);
    expect_queued(&out, "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

static void until_close(void **state)
{
    (void)state;
    struct framing f = framing_of(BODY_UNTIL_CLOSE, UINT64_MAX, false);
    assert_int_equal(write_text(&f, "hello"), 0);
    assert_int_equal(share_text(&f, ", you"), 0);
    assert_int_equal(finish(&f), 0);
    expect_queued(&out, "hello, you");
}

static void none(void **state)
{
    (void)state;
    struct framing f = framing_of(BODY_NONE, UINT64_MAX, false);
    assert_int_equal(write_text(&f, "a"), WEFT_ERR_STATE);
    assert_int_equal(share_text(&f, "a"), WEFT_ERR_STATE);
    assert_int_equal(write_text(&f, ""), 0);
    assert_int_equal(finish(&f), 0);
    expect_queued(&out, "");
}

static void to_head_it_is_counted_and_dropped(void **state)
{
    (void)state;
    struct framing f = framing_of(BODY_LENGTH, 5, true);
    assert_int_equal(write_text(&f, "he"), 0);
    assert_int_equal(share_text(&f, "llo,"), WEFT_ERR_STATE);
    assert_int_equal(finish(&f), 0); /* nobody needs to write what is not sent */
    f = framing_of(BODY_CHUNKED, 0, true);
    assert_int_equal(write_text(&f, "hello"), 0);
    assert_int_equal(share_text(&f, "hello"), 0);
    assert_int_equal(finish(&f), 0);
    expect_queued(&out, "");
}

/* Writes the same body with the nth allocation failing, and each call that failed once more. */
static void with_failure(enum body_kind kind, long nth, const char *want)
{
    struct framing f = framing_of(kind, 10, false);
    struct blob *b = blob_new(&heap.env, 5);
    b->len = 5;
    memcpy(b->data, ", you", 5);
    heap_fail(&heap, nth);
    if (write_text(&f, "hello") < 0) assert_int_equal(write_text(&f, "hello"), 0);
    if (framing_blob(&f, &out, &heap.env, b, 0, 5) < 0)
        assert_int_equal(framing_blob(&f, &out, &heap.env, b, 0, 5), 0);
    if (finish(&f) < 0) assert_int_equal(finish(&f), 0);
    heap_fail(&heap, -1);
    blob_unref(b);
    expect_queued(&out, want);
}

static void what_fails_can_be_tried_again(void **state)
{
    (void)state;
    for (long nth = 0; nth < 8; nth++) {
        with_failure(BODY_LENGTH, nth, "hello, you");
        with_failure(BODY_UNTIL_CLOSE, nth, "hello, you");
        with_failure(BODY_CHUNKED, nth, "5\r\nhello\r\n5\r\n, you\r\n0\r\n\r\n");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_small),
        TEST(a_length),
        TEST(chunks),
        TEST(until_close),
        TEST(none),
        TEST(to_head_it_is_counted_and_dropped),
        TEST(what_fails_can_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
