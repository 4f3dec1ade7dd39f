/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_unpack.c - compressed messages that do not come all at once: what they pin, and when they
 * are refused
 *
 * The peer is zlib and a few lines that write frames. Bytes of heap are counted, and so are allocations:
 * there is no pool, so each trial of a message shows as some.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zlib.h>

#include "ws/case_heap.h"
#include "ws/session_of.h"
#include <weft/session.h>

enum { SLACK = 4096, WINDOW = 4096, LARGEST = 1 << 20 };

/* ---- the server ------------------------------------------------------------------------------ */

struct server {
    struct heap heap;
    weft_limits limits;
    weft_session_config config;
    weft_session *session;
    size_t idle;   /* bytes it holds before the first message, */
    size_t window; /* and to remember, with takeover */
    size_t sent;   /* to it */
    size_t told;   /* by it */
    size_t messages;
    int result;
};

static void open_server(struct server *v, bool takeover, bool chunked)
{
    *v = (struct server){.limits = {.max_message = LARGEST}};
    heap_init(&v->heap, 0, false);
    v->config =
        (weft_session_config){.env = &v->heap.env, .limits = &v->limits, .chunked = chunked};
    weft_deflate_params params = {true, !takeover, !takeover, 12, 12};
    assert_int_equal(session_of(&v->session, WEFT_SERVER, &v->config), 0);
    weft_session_set_deflate(v->session, &params);
    v->idle = v->heap.in_use;
    v->window = takeover ? WINDOW : 0;
}

static void close_server(struct server *v)
{
    weft_session_free(v->session);
    assert_int_equal(v->heap.in_use, 0);
}

/* All that data holds, in one read. */
static void hear(struct server *v, const uint8_t *data, size_t n)
{
    uint8_t *copied = malloc(n + 1);
    memcpy(copied, data, n);
    weft_span in = {copied, n};
    weft_event ev;
    while ((v->result = weft_session_read(v->session, &in, &ev)) == 1) {
        if (ev.kind != WEFT_EV_MESSAGE && ev.kind != WEFT_EV_CHUNK) continue;
        v->told += ev.len;
        v->messages += ev.final;
    }
    v->sent += n;
    free(copied);
}

static void drain(struct server *v)
{
    struct iovec iov;
    while (weft_session_output(v->session, &iov, 1)) weft_session_sent(v->session, iov.iov_len);
}

/* ---- the client ------------------------------------------------------------------------------ */

static void put_frame(struct bytes *to, unsigned byte0, const uint8_t *payload, size_t n)
{
    bytes_add_byte(to, byte0);
    bytes_add_byte(to, 0x80 | (n < 126 ? (unsigned)n : n < 65536 ? 126 : 127));
    if (n >= 65536) bytes_add_number(to, n, 8);
    else if (n >= 126) bytes_add_number(to, n, 2);
    bytes_add_number(to, 0, 4); /* the key */
    bytes_add(to, payload, n);
}

/* op: with RSV1. Cut into fragments of that size; the last one only if final. */
static struct bytes fragments(unsigned op, struct bytes payload, size_t size, bool final)
{
    struct bytes wire = {0};
    for (size_t at = 0, n; at < payload.len; at += n) {
        n = size < payload.len - at ? size : payload.len - at;
        unsigned fin = final && at + n == payload.len ? 0x80 : 0;
        put_frame(&wire, fin | (at ? 0 : op), payload.data + at, n);
    }
    return wire;
}

enum kind { ZEROS, ROWS, NOISE, KINDS };

static uint8_t *data_of(enum kind kind, size_t n)
{
    uint8_t *data = calloc(1, n + 64);
    uint32_t r = 1;
    for (size_t at = 0; kind != ZEROS && at < n;) {
        r = r * 1664525 + 1013904223;
        if (kind == NOISE) data[at++] = (uint8_t)(r >> 24);
        else at += (size_t)sprintf((char *)data + at, "{\"id\":%u,\"on\":%u},", r >> 20, r >> 31);
    }
    return data;
}

/* The payload of one message. */
static struct bytes deflated(uint8_t *data, size_t n)
{
    struct bytes out = {0};
    uint8_t buffer[4096];
    z_stream z = {.next_in = data, .avail_in = (unsigned)n};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, 0), Z_OK);
    do {
        z.next_out = buffer;
        z.avail_out = sizeof buffer;
        deflate(&z, Z_SYNC_FLUSH);
        bytes_add(&out, buffer, sizeof buffer - z.avail_out);
    } while (!z.avail_out);
    deflateEnd(&z);
    out.len -= 4;
    return out;
}

/* A stored block that is not the last: what it holds is seen as it is. */
static void put_stored(struct bytes *to, const char *text)
{
    size_t n = strlen(text);
    bytes_add_byte(to, 0);
    bytes_add_byte(to, (unsigned)(n & 255));
    bytes_add_byte(to, (unsigned)(n >> 8));
    bytes_add_byte(to, (unsigned)(~n & 255));
    bytes_add_byte(to, (unsigned)(~n >> 8 & 255));
    bytes_add(to, text, n);
}

/* ---- what is pinned -------------------------------------------------------------------------- */

/* The message comes in pieces of that size; whenever it stops, it has cost no more than the rule says. */
static void stall_everywhere(struct server *v, struct bytes wire, size_t piece)
{
    for (size_t at = 0, n; at < wire.len; at += n) {
        n = piece < wire.len - at ? piece : wire.len - at;
        hear(v, wire.data + at, n);
        assert_int_equal(v->result, 0);
        assert_true(v->heap.in_use - v->idle <= 2 * v->sent + SLACK + v->window);
    }
}

static void stall(enum kind kind, size_t n, size_t fragment, bool takeover, bool chunked)
{
    struct server v;
    uint8_t *data = data_of(kind, n);
    struct bytes payload = deflated(data, n), wire = fragments(0x42, payload, fragment, true);
    for (size_t piece = 7; piece < 70000; piece *= 10) {
        open_server(&v, takeover, chunked);
        stall_everywhere(&v, wire, piece);
        assert_int_equal(v.messages, 1);
        assert_int_equal(v.told, n);
        close_server(&v);
    }
    bytes_free(&wire);
    bytes_free(&payload);
    free(data);
}

static void test_what_stalls_pins_what_was_sent(void **state)
{
    (void)state;
    for (int mode = 0; mode < 4; mode++) {
        for (enum kind kind = 0; kind < KINDS; kind++) {
            stall(kind, 1000, 300, mode & 1, mode & 2);
            stall(kind, 100000, SIZE_MAX, mode & 1, mode & 2);
            stall(kind, 100000, 1000, mode & 1, mode & 2);
        }
        stall(ZEROS, 800 << 10, SIZE_MAX, mode & 1, mode & 2);
        stall(ROWS, 800 << 10, 40000, mode & 1, mode & 2);
    }
}

/* Not even while its Close is on the way. */
static void test_what_failed_pins_nothing(void **state)
{
    (void)state;
    for (int mode = 0; mode < 4; mode++) {
        struct server v;
        struct bytes wire = {0};
        put_frame(&wire, 0x42, (const uint8_t *)"\x00\x01\x00\xfe\xff.", 6);
        put_frame(&wire, mode & 1 ? 0x80 : 0x00, (const uint8_t *)"\x07", 1);
        open_server(&v, false, mode & 2);
        hear(&v, wire.data, wire.len);
        assert_int_equal(v.result, WEFT_ERR_DEFLATE);
        drain(&v);
        assert_int_equal(v.heap.in_use, v.idle);
        bytes_free(&wire);
        close_server(&v);
    }
}

/* A message handed out in chunks need not wait for its end, only until it is worth an inflater. */
static void test_large_messages_come_in_chunks(void **state)
{
    (void)state;
    struct server v;
    uint8_t *data = data_of(NOISE, 100000);
    struct bytes payload = deflated(data, 100000), wire = fragments(0x42, payload, SIZE_MAX, true);
    open_server(&v, false, true);
    hear(&v, wire.data, 32768);
    assert_int_equal(v.told, 0);
    hear(&v, wire.data + 32768, 1000);
    assert_in_range(v.told, 32000, 33768);
    hear(&v, wire.data + 33768, 1000);
    assert_in_range(v.told, 33000, 34768);
    hear(&v, wire.data + 34768, wire.len - 34768);
    assert_int_equal(v.told, 100000);
    assert_int_equal(v.messages, 1);
    close_server(&v);
    bytes_free(&wire);
    bytes_free(&payload);
    free(data);
}

/* ---- when it is refused ---------------------------------------------------------------------- */

/* Text in fragments of one stored block each; that one is not UTF-8. Returns which was heard last. */
static size_t refused_at(struct server *v, size_t bad, const char *good)
{
    for (size_t i = 0;; i++) {
        struct bytes payload = {0}, wire = {0};
        put_stored(&payload, i == bad ? "\xff" : good);
        put_frame(&wire, i ? 0x00 : 0x41, payload.data, payload.len);
        hear(v, wire.data, wire.len);
        bytes_free(&wire);
        bytes_free(&payload);
        if (v->result < 0) return i;
    }
}

static void test_a_bad_fragment_of_a_small_message_is_refused_at_once(void **state)
{
    (void)state;
    for (size_t bad = 0; bad < 20; bad++) {
        struct server v;
        open_server(&v, false, false);
        assert_int_equal(refused_at(&v, bad, "twenty bytes of text"), bad);
        assert_int_equal(v.result, WEFT_ERR_UTF8);
        close_server(&v);
    }
}

static void test_a_bad_fragment_of_a_large_message_is_refused_in_time(void **state)
{
    (void)state;
    for (size_t bad = 100; bad < 1000; bad += 77) {
        struct server v;
        open_server(&v, false, false);
        assert_in_range(refused_at(&v, bad, "twenty bytes of text"), bad, 2 * bad);
        assert_int_equal(v.result, WEFT_ERR_UTF8);
        close_server(&v);
    }
}

/* A thousand fragments cost as many trials as they have doubled, and some. */
static void test_trials_are_few(void **state)
{
    (void)state;
    struct server v;
    uint8_t *data = data_of(NOISE, 200000);
    struct bytes payload = deflated(data, 200000), wire = fragments(0x42, payload, 200, false);
    open_server(&v, false, false);
    size_t before = v.heap.asked;
    stall_everywhere(&v, wire, 208);
    assert_true(v.sent > 200000 && v.heap.asked - before < 100);
    close_server(&v);
    bytes_free(&wire);
    bytes_free(&payload);
    free(data);
}

/* The number of fragments is judged by what they hold, inflated: those who flush each may have many. */
static void test_many_fragments_of_few_bytes(void **state)
{
    (void)state;
    static const struct {
        size_t each;
        int result;
    } cases[] = {{64, 0}, {16, 0}, {1, WEFT_ERR_POLICY}};
    uint8_t *data = data_of(ROWS, 100000);
    for (size_t i = 0; i < 3; i++) {
        for (int chunked = 0; chunked <= 1; chunked++) {
            struct server v;
            open_server(&v, false, chunked);
            z_stream z = {0};
            assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, -15, 8, 0), Z_OK);
            for (size_t at = 0; at < 100000 && !v.result; at += cases[i].each) {
                uint8_t out[256];
                struct bytes wire = {0};
                z.next_in = data + at;
                z.avail_in = (unsigned)cases[i].each;
                z.next_out = out;
                z.avail_out = sizeof out;
                deflate(&z, Z_SYNC_FLUSH);
                put_frame(&wire, at ? 0x00 : 0x42, out, sizeof out - z.avail_out);
                hear(&v, wire.data, wire.len);
                bytes_free(&wire);
            }
            deflateEnd(&z);
            assert_int_equal(v.result, cases[i].result);
            close_server(&v);
        }
    }
    free(data);
}

/* ---- one verdict for one stream -------------------------------------------------------------- */

/* What becomes of it when it comes in pieces of that size. */
static int verdict(struct bytes wire, size_t piece, uint64_t max, bool chunked)
{
    struct server v;
    open_server(&v, false, chunked);
    v.limits.max_message = max; /* copied: so once more */
    weft_session_free(v.session);
    weft_deflate_params params = {true, true, true, 12, 12};
    assert_int_equal(session_of(&v.session, WEFT_SERVER, &v.config), 0);
    weft_session_set_deflate(v.session, &params);
    for (size_t at = 0, n; at < wire.len && !v.result; at += n) {
        n = piece < wire.len - at ? piece : wire.len - at;
        hear(&v, wire.data + at, n);
    }
    int result = v.result ? v.result : (int)v.messages;
    close_server(&v);
    return result;
}

static void expect_verdict(struct bytes payload, size_t fragment, uint64_t max, int wanted)
{
    static const size_t pieces[] = {1 << 24, 65536, 16384, 5000, 1024, 1023, 333, 64, 7};
    struct bytes wire = fragments(0x41, payload, fragment, true);
    for (size_t i = 0; i < 9; i++) {
        if (wire.len / pieces[i] > 40000) break; /* trials are few, but each reads all of it */
        for (int chunked = 0; chunked <= 1; chunked++) {
            int got = verdict(wire, pieces[i], max, chunked);
            if (got != wanted)
                fail_msg("%d, wanted %d: pieces of %zu, chunked %d", got, wanted, pieces[i],
                         chunked);
        }
    }
    bytes_free(&wire);
}

static void expect_of(uint8_t *data, size_t n, uint64_t max, int wanted)
{
    struct bytes payload = deflated(data, n);
    expect_verdict(payload, SIZE_MAX, max, wanted);
    expect_verdict(payload, 3000, max, wanted);
    bytes_free(&payload);
}

static void test_too_long_and_bad(void **state)
{
    (void)state;
    enum { LEN = 100000, MAX = 60000 };
    for (enum kind kind = ZEROS; kind < NOISE; kind++) {
        static const size_t good[] = {MAX, MAX + 1, MAX + 5000, LEN - 1};
        static const size_t bad[] = {0, 49151, 49152, MAX - 100, MAX - 1};
        uint8_t *data = data_of(kind, LEN);
        expect_of(data, MAX, MAX, 1);
        expect_of(data, LEN, MAX, WEFT_ERR_TOO_BIG);
        for (size_t i = 0; i < 5; i++) {
            uint8_t was = data[bad[i]];
            data[bad[i]] = 0xff;
            expect_of(data, LEN, MAX, WEFT_ERR_UTF8);
            data[bad[i]] = was;
        }
        for (size_t i = 0; i < 4; i++) {
            uint8_t was = data[good[i]];
            data[good[i]] = 0xff;
            expect_of(data, LEN, MAX, WEFT_ERR_TOO_BIG);
            data[good[i]] = was;
        }
        free(data);
    }
}

/* Zeros that are too many for what was received, if noise did not follow; and text that is none. */
static void test_a_bomb_that_is_bad(void **state)
{
    (void)state;
    enum { LEN = 3 << 20, BAD = 2 << 20 };
    uint8_t *data = data_of(ZEROS, LEN);
    expect_of(data, 1 << 20, LEN, 1);
    expect_of(data, LEN, LEN, WEFT_ERR_TOO_BIG);
    data[1000000] = 0xff;
    expect_of(data, LEN, LEN, WEFT_ERR_UTF8);
    data[1000000] = 0;
    data[BAD + 900000] = 0xff;
    expect_of(data, LEN, LEN, WEFT_ERR_TOO_BIG);
    free(data);
}

/* ---- without memory -------------------------------------------------------------------------- */

/* Whether the n-th allocation was asked for. It ends the session, or the message is right. */
static bool with_failing(size_t n, struct bytes wire, size_t len, bool takeover, bool chunked)
{
    struct server v;
    open_server(&v, takeover, chunked);
    v.heap.asked = 0;
    v.heap.fail_at = n;
    for (size_t at = 0, piece; at < wire.len && !v.result; at += piece) {
        piece = 5000 < wire.len - at ? 5000 : wire.len - at;
        hear(&v, wire.data + at, piece);
    }
    bool failed = v.heap.failed;
    assert_int_equal(v.result, failed ? -ENOMEM : 0);
    assert_int_equal(v.messages, !failed);
    if (!failed) assert_int_equal(v.told, len);
    v.heap.fail_at = 0;
    close_server(&v);
    return failed;
}

static void test_allocations_that_fail(void **state)
{
    (void)state;
    uint8_t *data = data_of(NOISE, 60000);
    struct bytes payload = deflated(data, 60000), wire = fragments(0x42, payload, 3000, true);
    for (int mode = 0; mode < 4; mode++)
        for (size_t n = 1; with_failing(n, wire, 60000, mode & 1, mode & 2); n++)
            assert_true(n < 200);
    bytes_free(&wire);
    bytes_free(&payload);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_stalls_pins_what_was_sent),
        cmocka_unit_test(test_what_failed_pins_nothing),
        cmocka_unit_test(test_large_messages_come_in_chunks),
        cmocka_unit_test(test_a_bad_fragment_of_a_small_message_is_refused_at_once),
        cmocka_unit_test(test_a_bad_fragment_of_a_large_message_is_refused_in_time),
        cmocka_unit_test(test_trials_are_few),
        cmocka_unit_test(test_many_fragments_of_few_bytes),
        cmocka_unit_test(test_too_long_and_bad),
        cmocka_unit_test(test_a_bomb_that_is_bad),
        cmocka_unit_test(test_allocations_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
