/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_send.c - messages in pieces, and what is queued behind an open fragmented message
 *
 * One session's output is the other's input; what comes out there is what went in here.
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

#include "ws/case_heap.h"

enum { MOST = 1 << 22 };

static uint8_t wire[MOST];
static char text[100000];

struct ends {
    weft_session *from, *to;
};

/* They agreed on compression, or not; limits and env are the sender's. */
static struct ends begin_in(const weft_env *env, weft_role role, const weft_deflate_params *agreed,
                            const weft_limits *limits)
{
    struct ends e;
    weft_session_config cfg = {.env = env, .limits = limits};
    weft_session_config large = {.limits = &(weft_limits){.max_message = MOST}};
    weft_role other = role == WEFT_SERVER ? WEFT_CLIENT : WEFT_SERVER;
    assert_int_equal(session_of(&e.from, role, &cfg), 0);
    assert_int_equal(session_of(&e.to, other, &large), 0);
    if (agreed) weft_session_set_deflate(e.from, agreed);
    if (agreed) weft_session_set_deflate(e.to, agreed);
    return e;
}

static struct ends begin(weft_role role, const weft_deflate_params *agreed,
                         const weft_limits *limits)
{
    return begin_in(NULL, role, agreed, limits);
}

static void end(struct ends *e)
{
    weft_session_free(e->from);
    weft_session_free(e->to);
}

/* What is queued, on the wire. */
static size_t take(weft_session *s)
{
    size_t n = 0;
    struct iovec iov;
    while (weft_session_output(s, &iov, 1) > 0) {
        memcpy(wire + n, iov.iov_base, iov.iov_len);
        n += iov.iov_len;
        weft_session_sent(s, iov.iov_len);
    }
    return n;
}

/* The message that the other end gets of it; returns its bytes on the wire. */
static size_t expect(struct ends *e, weft_opcode op, const void *data, size_t len)
{
    weft_event ev;
    size_t n = take(e->from);
    weft_span in = {wire, n};
    assert_int_equal(weft_session_read(e->to, &in, &ev), 1);
    assert_int_equal(ev.kind, WEFT_EV_MESSAGE);
    assert_int_equal(ev.opcode, op);
    assert_int_equal(ev.len, len);
    if (len) assert_memory_equal(ev.data, data, len);
    assert_int_equal(in.len, 0);
    return n;
}

#define PIECE(p, n) ((weft_bytes){(const uint8_t *)(p), n})

static const weft_deflate_params alone = {true, true, true, 15, 15};
static const weft_deflate_params takeover = {true, false, false, 12, 12};

/* ---- pieces ----------------------------------------------------------------------------------- */

static void in_all_ways(weft_role role, const weft_deflate_params *agreed)
{
    static const size_t cuts[] = {0, 1, 3, 126, 4095, 65535, sizeof text};
    struct ends e = begin(role, agreed, NULL);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        for (size_t j = i; j < sizeof cuts / sizeof *cuts; j++) {
            const weft_bytes parts[] = {PIECE(text, cuts[i]), PIECE(NULL, 0),
                                        PIECE(text + cuts[i], cuts[j] - cuts[i]),
                                        PIECE(text + cuts[j], sizeof text - cuts[j])};
            assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, parts, 4), 0);
            expect(&e, WEFT_TEXT, text, sizeof text);
            assert_int_equal(weft_session_sendv(e.from, WEFT_BINARY, 0, parts, 3), 0);
            expect(&e, WEFT_BINARY, text, cuts[j]);
        }
    end(&e);
}

static void test_pieces_become_one_message(void **state)
{
    (void)state;
    for (weft_role role = WEFT_SERVER; role <= WEFT_CLIENT; role++) {
        in_all_ways(role, NULL);
        in_all_ways(role, &alone);
        in_all_ways(role, &takeover);
    }
}

static void test_no_pieces_are_an_empty_message(void **state)
{
    (void)state;
    struct ends e = begin(WEFT_SERVER, NULL, NULL);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, NULL, 0), 0);
    assert_int_equal(expect(&e, WEFT_TEXT, "", 0), 2);
    end(&e);
}

static void test_plain(void **state)
{
    (void)state;
    const weft_bytes parts[] = {PIECE(text, 1000), PIECE(text, 1000)};
    struct ends e = begin(WEFT_SERVER, &takeover, NULL);
    char twice[2000];
    memcpy(twice, text, 1000);
    memcpy(twice + 1000, text, 1000);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, WEFT_SEND_PLAIN, parts, 2), 0);
    assert_int_equal(expect(&e, WEFT_TEXT, twice, sizeof twice), sizeof twice + 4);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, parts, 2), 0);
    assert_true(expect(&e, WEFT_TEXT, twice, sizeof twice) < 1500);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, WEFT_SEND_PLAIN, parts, 1), 0);
    assert_int_equal(expect(&e, WEFT_TEXT, text, 1000), 1004);
    end(&e);
}

static void test_check(void **state)
{
    (void)state;
    const weft_bytes euro[] = {PIECE("\xe2", 1), PIECE("\x82", 1), PIECE("\xac", 1)};
    const weft_bytes bad[] = {PIECE("\xe2\x82", 2), PIECE("x", 1)};
    struct ends e = begin(WEFT_CLIENT, NULL, NULL);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, WEFT_SEND_CHECK, bad, 2), WEFT_ERR_UTF8);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, WEFT_SEND_CHECK, euro, 2),
                     WEFT_ERR_UTF8);
    assert_int_equal(weft_session_buffered(e.from), 0);
    assert_int_equal(
        weft_session_sendv(e.from, WEFT_TEXT, WEFT_SEND_CHECK | WEFT_SEND_PLAIN, euro, 3), 0);
    expect(&e, WEFT_TEXT, "\xe2\x82\xac", 3);
    assert_int_equal(weft_session_sendv(e.from, WEFT_BINARY, WEFT_SEND_CHECK, bad, 2), 0);
    expect(&e, WEFT_BINARY, "\xe2\x82x", 3);
    end(&e);
}

static void test_errors(void **state)
{
    (void)state;
    const weft_bytes x = PIECE("x", 1), huge[] = {PIECE("x", SIZE_MAX - 3), PIECE("x", 9)};
    struct ends e = begin(WEFT_SERVER, &alone, &(weft_limits){.send_queue_items = 1});
    assert_int_equal(weft_session_sendv(e.from, WEFT_PING, 0, &x, 1), -EINVAL);
    assert_int_equal(weft_session_sendv(e.from, WEFT_CONTINUATION, 0, &x, 1), -EINVAL);
    for (unsigned flag = 4; flag; flag <<= 1)
        assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, flag, &x, 1), -EINVAL);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, huge, 2), -ENOMEM);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, huge, 1), -ENOMEM);
    assert_int_equal(weft_session_buffered(e.from), 0);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, &x, 1), 0);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, &x, 1), 0);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, &x, 1), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_session_close(e.from, 1000, NULL, 0), 0);
    assert_int_equal(weft_session_sendv(e.from, WEFT_TEXT, 0, &x, 1), WEFT_ERR_CLOSED);
    end(&e);
}

/* ---- behind a fragment ------------------------------------------------------------------------ */

/* Whole messages fill the queue: fragments, and pings, are in front of them, and not kept back. */
static void test_fragments_are_not_kept_back(void **state)
{
    (void)state;
    struct ends e = begin(WEFT_SERVER, NULL, &(weft_limits){.send_queue_items = 3});
    assert_int_equal(weft_session_send_fragment(e.from, WEFT_TEXT, "a", 1, false), 0);
    take(e.from);
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_session_send(e.from, WEFT_TEXT, "whole", 5), 0);
    assert_int_equal(weft_session_send(e.from, WEFT_TEXT, "whole", 5), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_session_send(e.from, WEFT_PING, "p", 1), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_session_send_fragment(e.from, WEFT_TEXT, "b", 1, false), 0);
    assert_int_equal(weft_session_send_fragment(e.from, WEFT_TEXT, "c", 1, true), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_session_send(e.from, WEFT_PING, "p", 1), WEFT_ERR_BACKLOG);
    take(e.from);
    assert_int_equal(weft_session_send_fragment(e.from, WEFT_TEXT, "c", 1, true), 0);
    assert_int_equal(take(e.from), 3 + 4 * 7);
    end(&e);
}

/* ---- what a receiver takes -------------------------------------------------------------------- */

enum { ZEROS = 2 << 20, NOISE = 1 << 20 };

static uint8_t bomb[ZEROS + NOISE];

static size_t passes(const weft_deflate_params *agreed, size_t len)
{
    struct ends e = begin(WEFT_SERVER, agreed, &(weft_limits){.send_queue_max = MOST});
    weft_message *m;
    size_t n;
    assert_int_equal(weft_session_send(e.from, WEFT_BINARY, bomb, len), 0);
    n = expect(&e, WEFT_BINARY, bomb, len);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_BINARY, bomb, len), 0);
    assert_int_equal(weft_session_send_message(e.from, m), 0);
    expect(&e, WEFT_BINARY, bomb, len);
    weft_message_unref(m);
    end(&e);
    return n;
}

/* Zeros are a bomb, zeros in front of noise are one, too, until the noise comes; noise in front makes up for them. */
static void test_no_bombs_are_made(void **state)
{
    (void)state;
    const weft_deflate_params *ways[] = {&alone, &takeover};
    for (int i = 0; i < 2; i++) {
        memset(bomb, 0, sizeof bomb);
        assert_true(passes(ways[i], 1 << 20) < 10000);
        assert_true(passes(ways[i], ZEROS) > ZEROS);
        for (size_t at = ZEROS; at < sizeof bomb; at++) bomb[at] = (uint8_t)random();
        assert_true(passes(ways[i], sizeof bomb) > sizeof bomb);
        memmove(bomb, bomb + ZEROS, NOISE);
        memset(bomb + NOISE, 0, ZEROS);
        assert_true(passes(ways[i], sizeof bomb) < NOISE + NOISE / 10);
    }
}

/* ---- without memory --------------------------------------------------------------------------- */

/* The nth allocation of a send fails. What was sent all the same has come through; returns whether there was an nth. */
static bool send_without(size_t nth, weft_role role, const weft_deflate_params *agreed, bool shared,
                         int *uncompressed)
{
    struct heap heap;
    weft_message *m;
    heap_init(&heap, 0, false);
    struct ends e = begin_in(&heap.env, role, agreed, NULL);
    assert_int_equal(weft_message_new(&m, &heap.env, WEFT_TEXT, text, sizeof text), 0);
    heap.fail_at = heap.asked + nth;
    int error = shared ? weft_session_send_message(e.from, m)
                       : weft_session_send(e.from, WEFT_TEXT, text, sizeof text);
    heap.fail_at = 0;
    assert_true(!error || error == -ENOMEM);
    if (!error && expect(&e, WEFT_TEXT, text, sizeof text) > sizeof text) ++*uncompressed;
    assert_int_equal(weft_session_buffered(e.from), 0);
    assert_int_equal(weft_session_send_message(e.from, m), 0);
    assert_true(expect(&e, WEFT_TEXT, text, sizeof text) < sizeof text);
    weft_message_unref(m);
    end(&e);
    assert_int_equal(heap.in_use, 0);
    return heap.failed;
}

/* Without memory for compressing a message goes as it is; the next one is compressed again. */
static void test_no_memory_for_the_compressor(void **state)
{
    (void)state;
    const weft_deflate_params *ways[] = {&alone, &takeover};
    for (int i = 0; i < 8; i++) {
        weft_role role = i & 1 ? WEFT_SERVER : WEFT_CLIENT;
        int uncompressed = 0;
        for (size_t n = 1; send_without(n, role, ways[i / 2 & 1], i / 4, &uncompressed);) n++;
        assert_true(uncompressed >= 2); /* the compressor itself, and its room */
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof text; i++) text[i] = "etaoin shrdlu"[random() % 13];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_become_one_message),
        cmocka_unit_test(test_no_pieces_are_an_empty_message),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_fragments_are_not_kept_back),
        cmocka_unit_test(test_no_bombs_are_made),
        cmocka_unit_test(test_no_memory_for_the_compressor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
