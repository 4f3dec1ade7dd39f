/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_output.c - a Close that does not wait, wherever the frame that is on its way may be
 *
 * A session queues messages, of which some bytes are taken; then it closes at once. What is taken from then on has to
 * be the rest of that one frame, and the Close, whatever was queued and however it lies in memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session_of.h"

enum { MOST = 1 << 18 };

static uint8_t all[MOST], taken[MOST];
static char filler[40000];

/* ---- memory that fails ------------------------------------------------------------------------ */

static long left; /* allocations that succeed; -1: all */

static void *hook(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (!size) {
        free(p);
        return NULL;
    }
    if (!left) return NULL;
    if (left > 0) left--;
    return realloc(p, size);
}

/* ---- a session with much to say --------------------------------------------------------------- */

/* Messages, shared ones among them, a fragment with one behind it, and pings in front of all that. */
static weft_session *talkative(void)
{
    static const weft_env env = {.realloc = hook};
    weft_session *s;
    weft_message *m;
    left = -1;
    assert_int_equal(session_of(&s, WEFT_SERVER, &(weft_session_config){.env = &env}), 0);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "shared", 6), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "one", 3), 0);
    assert_int_equal(weft_session_send_message(s, m), 0);
    assert_int_equal(weft_session_send(s, WEFT_BINARY, filler, sizeof filler), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "two", 3), 0);
    assert_int_equal(weft_session_send_message(s, m), 0);
    assert_int_equal(weft_session_send_fragment(s, WEFT_TEXT, "begins", 6, false), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "waits", 5), 0);
    assert_int_equal(weft_session_send(s, WEFT_PING, "ping", 4), 0);
    weft_message_unref(m);
    return s;
}

/* The next n bytes, or all there are; returns how many came. */
static size_t take(weft_session *s, uint8_t *to, size_t n)
{
    size_t got = 0;
    struct iovec iov;
    while (got < n && weft_session_output(s, &iov, 1) > 0) {
        size_t part = iov.iov_len < n - got ? iov.iov_len : n - got;
        memcpy(to + got, iov.iov_base, part);
        weft_session_sent(s, part);
        got += part;
    }
    return got;
}

/* Where the frame ends of which the byte before at is the last that is gone. */
static size_t end_of_frame(const uint8_t *bytes, size_t at)
{
    size_t end = 0;
    while (end < at) {
        const uint8_t *head = bytes + end;
        size_t len = head[1] & 127;
        end += len == 126 ? 4 + (size_t)(head[2] << 8 | head[3]) : 2 + len;
    }
    return end;
}

static const uint8_t goodbye[] = {0x88, 5, 1000 >> 8, 1000 & 255, 'b', 'y', 'e'};

static void expect_rest_and_close(weft_session *s, size_t gone)
{
    size_t rest = end_of_frame(all, gone) - gone;
    size_t n = take(s, taken, MOST);
    assert_int_equal(n, rest + sizeof goodbye);
    assert_memory_equal(taken, all + gone, rest);
    assert_memory_equal(taken + rest, goodbye, sizeof goodbye);
    assert_int_equal(weft_session_buffered(s), 0);
}

/* Where the first frames begin and end, and here and there in the long one and behind it. */
static bool is_worth_it(size_t gone, size_t len)
{
    return gone < 40 || gone % 4999 == 0 || gone + 60 > len;
}

static void test_wherever_the_frame_is(void **state)
{
    (void)state;
    weft_session *s = talkative();
    size_t len = take(s, all, MOST);
    weft_session_free(s);
    assert_true(len > sizeof filler);
    for (size_t gone = 0; gone <= len; gone++) {
        if (!is_worth_it(gone, len)) continue;
        s = talkative();
        assert_int_equal(take(s, taken, gone), gone);
        assert_int_equal(weft_session_close_now(s, 1000, "bye", 3), 0);
        expect_rest_and_close(s, gone);
        weft_session_free(s);
    }
}

/* What was shown may be with the kernel: it is still there until it is said to be gone. */
static void test_between_output_and_sent(void **state)
{
    (void)state;
    struct iovec iov[4];
    weft_session *s = talkative();
    size_t len = take(s, all, MOST);
    weft_session_free(s);
    s = talkative();
    assert_true(weft_session_output(s, iov, 4) > 0);
    assert_int_equal(weft_session_close_now(s, 1000, "bye", 3), 0);
    assert_memory_equal(iov[0].iov_base, all, iov[0].iov_len < len ? iov[0].iov_len : len);
    weft_session_sent(s, 7);
    expect_rest_and_close(s, 7);
    weft_session_free(s);
}

static void test_a_close_that_is_queued_stays(void **state)
{
    (void)state;
    weft_session *s = talkative();
    take(s, all, MOST);
    weft_session_free(s);
    s = talkative();
    assert_int_equal(weft_session_close(s, 1000, "bye", 3), 0);
    assert_int_equal(weft_session_close_now(s, 4000, "other", 5), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "x", 1), WEFT_ERR_CLOSED);
    expect_rest_and_close(s, 0);
    assert_int_equal(weft_session_close_now(s, 1000, NULL, 0), 0); /* it is gone */
    assert_int_equal(take(s, taken, MOST), 0);
    weft_session_free(s);
}

/* A Close of which a part is gone. */
static void test_within_the_close(void **state)
{
    (void)state;
    weft_session *s;
    assert_int_equal(weft_session_new(&s, WEFT_SERVER, NULL), 0);
    assert_int_equal(weft_session_close(s, 1000, "bye", 3), 0);
    assert_int_equal(take(s, taken, 3), 3);
    assert_int_equal(weft_session_close_now(s, 1000, NULL, 0), 0);
    assert_int_equal(take(s, taken + 3, MOST - 3), sizeof goodbye - 3);
    assert_memory_equal(taken, goodbye, sizeof goodbye);
    weft_session_free(s);
}

static void test_errors(void **state)
{
    (void)state;
    weft_session *s = talkative();
    assert_int_equal(weft_session_close_now(s, 1005, NULL, 0), WEFT_ERR_CODE);
    assert_int_equal(weft_session_close_now(s, 0, "why", 3), WEFT_ERR_CODE);
    assert_int_equal(weft_session_close_now(s, 1000, "\xff", 1), WEFT_ERR_UTF8);
    assert_int_equal(weft_session_send(s, WEFT_PING, "", 0), 0);
    assert_true(take(s, taken, MOST) > sizeof filler); /* nothing was dropped */
    weft_session_free(s);
}

/* Memory is needed only to keep the rest of a frame and the Close apart. Without it nothing changes, and the next look
 * tries again. */
static void test_without_memory(void **state)
{
    (void)state;
    weft_session *s = talkative();
    size_t len = take(s, all, MOST);
    weft_session_free(s);
    for (size_t gone = 0; gone < 20; gone++) {
        struct iovec iov;
        s = talkative();
        assert_int_equal(take(s, taken, gone), gone);
        assert_int_equal(weft_session_close_now(s, 1000, "bye", 3), 0);
        left = 0;
        assert_true(weft_session_output(s, &iov, 1) > 0);
        assert_true(weft_session_buffered(s) <= len + sizeof goodbye);
        left = -1;
        expect_rest_and_close(s, gone);
        weft_session_free(s);
    }
}

/* A client's frames are masked: the Close is found all the same. */
static void test_of_a_client(void **state)
{
    (void)state;
    weft_session *s;
    assert_int_equal(weft_session_new(&s, WEFT_CLIENT, NULL), 0);
    for (int i = 0; i < 9; i++)
        assert_int_equal(weft_session_send(s, WEFT_BINARY, filler, 1000), 0);
    assert_int_equal(take(s, taken, 10), 10);
    assert_int_equal(weft_session_close_now(s, 1001, NULL, 0), 0);
    assert_int_equal(take(s, taken, MOST), 8 + 1000 - 10 + 8);
    assert_int_equal(taken[8 + 1000 - 10], 0x88);
    weft_session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wherever_the_frame_is),
        cmocka_unit_test(test_between_output_and_sent),
        cmocka_unit_test(test_a_close_that_is_queued_stays),
        cmocka_unit_test(test_within_the_close),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_of_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
