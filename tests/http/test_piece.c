/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_piece.c - one block of bytes that replies of every framing show, none copying it
 */
#include "http/piece.h"

#include <pthread.h>

#include "http/framing.h"
#include "output.h"
#include "queued.h"

static struct slice first;

static weft_piece *piece_of(const char *text)
{
    weft_piece *p;
    assert_int_equal(weft_piece_new(&p, &heap.env, text, strlen(text)), 0);
    return p;
}

static void it_is_one_block(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 15, 16, 255, 256, 70000};
    static uint8_t data[70000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < countof(lens); i++) {
        weft_piece *p;
        assert_int_equal(weft_piece_new(&p, &heap.env, data, lens[i]), 0);
        assert_int_equal(heap.live, 1);
        assert_int_equal(weft_piece_bytes(p).len, lens[i]);
        assert_memory_equal(weft_piece_bytes(p).data, data, lens[i]);
        assert_ptr_equal(weft_piece_ref(p), p);
        weft_piece_unref(p);
        assert_int_equal(heap.live, 1);
        weft_piece_unref(p);
        assert_int_equal(heap.live, 0);
    }
    weft_piece_unref(NULL);
}

/* An empty chunk would end the body. */
static void it_is_not_empty(void **state)
{
    (void)state;
    weft_piece *p = NULL;
    assert_int_equal(weft_piece_new(&p, &heap.env, "", 0), -EINVAL);
    assert_int_equal(weft_piece_new(&p, NULL, "", SIZE_MAX - 8), -ENOMEM);
    assert_int_equal(weft_piece_new(&p, NULL, "", SIZE_MAX - 64), -ENOMEM);
    heap_fail(&heap, 0);
    assert_int_equal(weft_piece_new(&p, &heap.env, "a", 1), -ENOMEM);
    assert_null(p);
}

/* What is queued lies in the piece, which may be dropped before it has gone. */
static void every_framing_shows_its_part(void **state)
{
    (void)state;
    weft_piece *p = piece_of("0123456789abcdef");
    struct framing chunked = framing_of(BODY_CHUNKED, 0, false);
    struct framing until_close = framing_of(BODY_UNTIL_CLOSE, 0, false);
    struct framing length = framing_of(BODY_LENGTH, 20, false);
    struct iovec iov[3];
    assert_int_equal(framing_piece(&chunked, &out, p, NULL), 0);
    assert_int_equal(framing_piece(&until_close, &out, p, NULL), 0);
    assert_int_equal(framing_piece(&length, &out, p, NULL), 0);
    assert_int_equal(length.left, 4);
    assert_int_equal(framing_piece(&length, &out, p, NULL), WEFT_ERR_STATE);
    assert_int_equal(length.left, 4);
    assert_int_equal(outq_iov(&out, iov, 3), 3);
    assert_ptr_equal(iov[1].iov_base, weft_piece_bytes(p).data);
    assert_ptr_equal(iov[2].iov_base, weft_piece_bytes(p).data);
    weft_piece_unref(p);
    assert_int_equal(framing_end(&chunked, &out, &heap.env), 0);
    expect_queued(&out, "10\r\n0123456789abcdef\r\n0123456789abcdef0123456789abcdef0\r\n\r\n");
}

static void where_there_is_no_body_there_is_no_piece(void **state)
{
    (void)state;
    weft_piece *p = piece_of("hello");
    struct framing none = framing_of(BODY_NONE, 0, false), head = framing_of(BODY_LENGTH, 8, true);
    assert_int_equal(framing_piece(&none, &out, p, &first), WEFT_ERR_STATE);
    assert_int_equal(framing_piece(&head, &out, p, &first), 0);
    assert_int_equal(framing_piece(&head, &out, p, &first), WEFT_ERR_STATE);
    assert_int_equal(head.left, 3);
    head = framing_of(BODY_CHUNKED, 0, true);
    assert_int_equal(framing_piece(&head, &out, p, &first), 0);
    weft_piece_unref(p);
    expect_queued(&out, "");
}

/* The first in the queue needs no memory, over and over; the next one needs a slice, and what does not get
 * it is not queued. */
static void the_first_needs_no_memory(void **state)
{
    (void)state;
    weft_piece *p = piece_of("hello");
    struct framing f = framing_of(BODY_CHUNKED, 0, false),
                   length = framing_of(BODY_LENGTH, 9, false);
    for (int i = 0; i < 3; i++) {
        heap_fail(&heap, 0);
        assert_int_equal(framing_piece(&f, &out, p, &first), 0);
        assert_int_equal(heap.asked, 0);
        assert_int_equal(framing_piece(&f, &out, p, &first), -ENOMEM);
        heap_fail(&heap, 0);
        assert_int_equal(framing_piece(&length, &out, p, &first), -ENOMEM);
        assert_int_equal(length.left, 9);
        heap_fail(&heap, -1);
        assert_int_equal(framing_piece(&f, &out, p, &first), 0);
        expect_queued(&out, "5\r\nhello\r\n5\r\nhello\r\n");
    }
    weft_piece_unref(p);
}

enum { THREADS = 4, ROUNDS = 2000 };

/* A reply in another thread: it queues the piece with a reference of its own. */
static void *reply_often(void *arg)
{
    weft_piece *p = arg;
    struct outq mine = {0};
    struct framing f = framing_of(BODY_CHUNKED, 0, false);
    for (int i = 0; i < ROUNDS; i++) {
        if (framing_piece(&f, &mine, p, NULL) < 0) abort();
        if (i % 10 == 9) outq_clear(&mine);
    }
    weft_piece_unref(p);
    return NULL;
}

static void any_thread_may_queue_it(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    weft_piece *p;
    assert_int_equal(weft_piece_new(&p, NULL, "hello", 5), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reply_often, weft_piece_ref(p)), 0);
    weft_piece_unref(p);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_one_block),
        TEST(it_is_not_empty),
        TEST(every_framing_shows_its_part),
        TEST(where_there_is_no_body_there_is_no_piece),
        TEST(the_first_needs_no_memory),
        TEST(any_thread_may_queue_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
