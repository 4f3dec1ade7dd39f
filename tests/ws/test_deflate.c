/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_deflate.c - sessions that compress: against each other, and against zlib alone
 *
 *      our session -> bytes -> our session          every mode, window, size and kind of data, cut anywhere
 *      our session -> bytes -> zlib, with a window of exactly that size, a byte at a time
 *      zlib -> bytes -> our session                 messages that refer to earlier ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <zlib.h>

#include <weft/handshake.h>

#include "ws/case_heap.h"
#include "ws/session_of.h"

enum { LARGEST = 200000 };

/* ---- data ------------------------------------------------------------------------------------ */

enum kind { ZEROS, JSON, NOISE, KINDS };

static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void fill(uint8_t *to, size_t n, enum kind kind, uint32_t seed)
{
    char row[100];
    for (size_t at = 0; at < n;) {
        uint32_t r = next_number(&seed);
        int len = snprintf(row, sizeof row, "{\"id\":%u,\"name\":\"sensor-%u\",\"value\":%u.%u},",
                           r % 9999, r % 13, r % 77, r % 10);
        for (int i = 0; i < len && at < n; i++, at++) {
            if (kind == NOISE) to[at] = (uint8_t)next_number(&seed);
            else to[at] = kind == ZEROS ? 0 : (uint8_t)row[i];
        }
    }
}

/* ---- two sessions ---------------------------------------------------------------------------- */

struct pair {
    struct heap heap;
    weft_deflate deflate;
    weft_deflate_params params;
    weft_limits limits;
    weft_session_config config;
    weft_session *server, *client;
};

static void open_within(struct pair *p, bool takeover, unsigned bits, bool pool, bool chunked,
                        uint64_t max_message)
{
    *p = (struct pair){.deflate = {.takeover = takeover, .threshold = 1},
                       .limits = {.max_message = max_message, .send_queue_max = 1 << 24}};
    heap_init(&p->heap, 0, false);
    p->params = (weft_deflate_params){true, !takeover, !takeover, (uint8_t)bits, (uint8_t)bits};
    p->config = (weft_session_config){
        .env = &p->heap.env, .limits = &p->limits, .chunked = chunked, .deflate = &p->deflate};
    if (pool) assert_int_equal(weft_session_pool_new(&p->config.pool, &p->heap.env), 0);
    assert_int_equal(session_of(&p->server, WEFT_SERVER, &p->config), 0);
    assert_int_equal(session_of(&p->client, WEFT_CLIENT, &p->config), 0);
    weft_session_set_deflate(p->server, &p->params);
    weft_session_set_deflate(p->client, &p->params);
}

static void open_with(struct pair *p, bool takeover, unsigned bits, bool pool, bool chunked)
{
    open_within(p, takeover, bits, pool, chunked, LARGEST);
}

static void close_pair(struct pair *p)
{
    weft_session_free(p->server);
    weft_session_free(p->client);
    weft_session_pool_free(p->config.pool);
    assert_int_equal(p->heap.in_use, 0);
}

/* All output of s in one block, for the caller to free. */
static uint8_t *take_output(weft_session *s, size_t *n)
{
    struct iovec iov[16];
    size_t at = 0;
    *n = weft_session_buffered(s);
    uint8_t *all = malloc(*n + 1);
    for (int count; (count = weft_session_output(s, iov, 16)) > 0;) {
        size_t sent = 0;
        for (int i = 0; i < count; i++) {
            memcpy(all + at + sent, iov[i].iov_base, iov[i].iov_len);
            sent += iov[i].iov_len;
        }
        weft_session_sent(s, sent);
        at += sent;
    }
    assert_int_equal(at, *n);
    return all;
}

/* What a session hands out, joined. */
struct heard {
    struct bytes bytes;
    size_t messages;
};

static int hear(weft_session *s, uint8_t *data, size_t n, size_t piece, struct heard *h)
{
    weft_event ev;
    int result = 0;
    for (size_t at = 0, len; at < n && result >= 0; at += len) {
        len = piece && piece < n - at ? piece : n - at;
        weft_span in = {data + at, len};
        while ((result = weft_session_read(s, &in, &ev)) == 1) {
            bytes_add(&h->bytes, ev.data, ev.len);
            h->messages += ev.final;
        }
    }
    return result;
}

static bool all_equal(const struct heard *h, const uint8_t *data, size_t n)
{
    return h->bytes.len == n && (!n || !memcmp(h->bytes.data, data, n));
}

/* from says a message, to hears it in pieces. Returns how long it was on the wire. */
static size_t say(weft_session *from, weft_session *to, const uint8_t *data, size_t n, size_t piece)
{
    struct heard h = {0};
    size_t wire;
    assert_int_equal(weft_session_send(from, WEFT_BINARY, data, n), 0);
    uint8_t *bytes = take_output(from, &wire);
    assert_int_equal(hear(to, bytes, wire, piece, &h), 0);
    assert_int_equal(h.messages, 1);
    assert_true(all_equal(&h, data, n));
    bytes_free(&h.bytes);
    free(bytes);
    return wire;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static const size_t sizes[] = {0,     1,     2,     5,     31,     100,    255,   256,
                               257,   1000,  4095,  4096,  4097,   16383,  16384, 16385,
                               32768, 65535, 65536, 70000, 131072, LARGEST};
enum { SIZES = sizeof sizes / sizeof *sizes };

static uint8_t *data_of(size_t n, enum kind kind, uint32_t seed)
{
    uint8_t *data = malloc(n + 1);
    fill(data, n, kind, seed);
    return data;
}

static void round_trips(bool takeover, unsigned bits, bool pool, bool chunked)
{
    struct pair p;
    open_with(&p, takeover, bits, pool, chunked);
    for (size_t i = 0; i < SIZES; i++) {
        for (enum kind kind = 0; kind < KINDS; kind++) {
            uint8_t *data = data_of(sizes[i], kind, (uint32_t)i + bits);
            size_t piece = sizes[i] < 5000 ? 1 + i % 3 : 977;
            size_t down = say(p.server, p.client, data, sizes[i], piece);
            size_t up = say(p.client, p.server, data, sizes[i], 0);
            assert_true(down <= sizes[i] + 10 && up <= sizes[i] + 14); /* never expands */
            if (kind != NOISE && sizes[i] >= 1000) assert_true(down < sizes[i] * 3 / 5);
            free(data);
        }
    }
    close_pair(&p);
}

static void test_every_window_and_mode(void **state)
{
    (void)state;
    for (unsigned bits = 8; bits <= 15; bits++) {
        round_trips(false, bits, true, false);
        round_trips(true, bits, true, bits % 2);
        round_trips(true, bits, false, bits % 2 == 0);
    }
}

/* Repeated messages shrink to a few bytes with takeover, and only with it. */
static void test_takeover_pays(void **state)
{
    (void)state;
    struct pair p;
    uint8_t *data = data_of(1000, JSON, 7);
    for (int takeover = 0; takeover <= 1; takeover++) {
        open_with(&p, takeover, 12, true, false);
        size_t first = say(p.server, p.client, data, 1000, 0);
        size_t second = say(p.server, p.client, data, 1000, 0);
        if (takeover) assert_true(second < 40);
        else assert_int_equal(second, first);
        close_pair(&p);
    }
    free(data);
}

/* zlib with a window of exactly that size, given one byte of room at a time, so that it has nothing but its
 * window to copy from. */
static void inflate_strictly(z_stream *z, const uint8_t *payload, size_t n, const uint8_t *want,
                             size_t len)
{
    uint8_t *in = malloc(n + 4), byte;
    memcpy(in, payload, n);
    memcpy(in + n, "\0\0\xff\xff", 4);
    z->next_in = in;
    z->avail_in = (unsigned)n + 4;
    for (size_t at = 0;;) {
        z->next_out = &byte;
        z->avail_out = 1;
        int result = inflate(z, Z_SYNC_FLUSH);
        if (!z->avail_out) assert_true(at < len && byte == want[at++]);
        else if (at == len) break;
        if (result != Z_OK) fail_msg("zlib says %d (%s)", result, z->msg ? z->msg : "");
    }
    free(in);
}

static void test_distances_stay_in_the_window(void **state)
{
    (void)state;
    for (unsigned bits = 8; bits <= 15; bits++) {
        struct pair p;
        z_stream z = {0};
        open_with(&p, true, bits, true, false);
        assert_int_equal(inflateInit2(&z, -(int)bits), Z_OK);
        for (size_t i = 0; i < 12; i++) {
            size_t n = 100 + 2500 * i, wire;
            uint8_t *data = data_of(n, JSON, (uint32_t)i);
            assert_int_equal(weft_session_send(p.server, WEFT_TEXT, data, n), 0);
            uint8_t *frame = take_output(p.server, &wire);
            assert_int_equal(frame[0], 0xc1);
            size_t head = frame[1] == 126 ? 4 : 2;
            inflate_strictly(&z, frame + head, wire - head, data, n);
            free(frame);
            free(data);
        }
        inflateEnd(&z);
        close_pair(&p);
    }
}

/* A frame of a client's, with the zero key. */
static size_t write_frame(uint8_t *to, const uint8_t *payload, size_t n)
{
    size_t at = 0;
    to[at++] = 0xc2;
    to[at++] = n < 126 ? (uint8_t)(0x80 | n) : 0xfe;
    if (n >= 126) to[at++] = (uint8_t)(n >> 8), to[at++] = (uint8_t)n;
    memset(to + at, 0, 4);
    memcpy(to + at + 4, payload, n);
    return at + 4 + n;
}

static void test_what_zlib_deflates(void **state)
{
    (void)state;
    static uint8_t out[70000], frame[70020];
    for (int level = 0; level <= 9; level += 3) {
        for (int bits = 9; bits <= 15; bits += 3) {
            struct pair p;
            z_stream z = {0};
            open_with(&p, true, (unsigned)bits, true, false);
            assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -bits, 1 + level / 2, 0), Z_OK);
            for (size_t i = 0; i < 10; i++) {
                size_t n = 3 + 5000 * i;
                uint8_t *data = data_of(n, i % 3 == 2 ? NOISE : JSON, (uint32_t)i % 4);
                struct heard h = {0};
                z.next_in = data;
                z.avail_in = (unsigned)n;
                z.next_out = out;
                z.avail_out = sizeof out;
                assert_int_equal(deflate(&z, i % 2 ? Z_SYNC_FLUSH : Z_FULL_FLUSH), Z_OK);
                size_t wire = write_frame(frame, out, sizeof out - z.avail_out - 4);
                assert_int_equal(hear(p.server, frame, wire, 1 + i * 100, &h), 0);
                assert_true(h.messages == 1 && all_equal(&h, data, n));
                bytes_free(&h.bytes);
                free(data);
            }
            deflateEnd(&z);
            close_pair(&p);
        }
    }
}

static size_t bomb(uint8_t *out, size_t room, size_t n)
{
    z_stream z = {0};
    uint8_t *zeros = calloc(1, n);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, 0), Z_OK);
    z.next_in = zeros;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    deflateEnd(&z);
    free(zeros);
    return room - z.avail_out - 4;
}

/* The limit, and the ratio beyond a MiB; what has been inflated until then stays small. */
static void test_bombs(void **state)
{
    (void)state;
    static uint8_t out[65000], frame[65020];
    static const struct {
        uint64_t max;
        size_t n;
        int result;
    } cases[] = {{100000, 100000, 0},
                 {100000, 100001, WEFT_ERR_TOO_BIG},
                 {100000, 20 << 20, WEFT_ERR_TOO_BIG},
                 {100 << 20, 1 << 20, 0},
                 {100 << 20, 2 << 20, WEFT_ERR_TOO_BIG}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int chunked = 0; chunked <= 1; chunked++) {
            struct pair p;
            struct heard h = {0};
            open_within(&p, false, 15, true, chunked, cases[i].max);
            size_t wire = write_frame(frame, out, bomb(out, sizeof out, cases[i].n));
            assert_int_equal(hear(p.server, frame, wire, 0, &h), cases[i].result);
            assert_true(h.bytes.len <= cases[i].max && h.bytes.len < 3 << 20);
            bytes_free(&h.bytes);
            close_pair(&p);
        }
    }
}

/* One message, many sessions: compressed once for each window, and not at all where it would not pay. */
static void test_shared_messages(void **state)
{
    (void)state;
    struct pair p[3];
    weft_message *m;
    uint8_t *data = data_of(5000, JSON, 3), *noise = data_of(300, NOISE, 3);
    open_with(&p[0], false, 15, true, false);
    open_with(&p[1], false, 9, true, false);
    open_with(&p[2], true, 12, true, false);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_BINARY, data, 5000), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            struct heard h = {0};
            size_t wire;
            assert_int_equal(weft_session_send_message(p[i].server, m), 0);
            uint8_t *bytes = take_output(p[i].server, &wire);
            assert_int_equal(bytes[0], 0xc2);
            assert_int_equal(hear(p[i].client, bytes, wire, 0, &h), 0);
            assert_true(all_equal(&h, data, 5000));
            bytes_free(&h.bytes);
            free(bytes);
        }
    }
    size_t asked = p[0].heap.asked;
    for (int i = 0; i < 10; i++) assert_int_equal(weft_session_send_message(p[0].server, m), 0);
    assert_true(p[0].heap.asked == asked); /* m has its own env; and nothing was compressed again */
    weft_message_unref(m);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_BINARY, noise, 300), 0);
    assert_int_equal(weft_session_send_message(p[1].server, m), 0);
    size_t wire;
    uint8_t *bytes = take_output(p[1].server, &wire);
    assert_int_equal(bytes[0], 0x82);
    free(bytes);
    weft_message_unref(m);
    for (int i = 0; i < 3; i++) close_pair(&p[i]);
    free(data);
    free(noise);
}

/* A client masks it each time with another key, but compresses it once, too. */
static void test_a_client_shares_messages(void **state)
{
    (void)state;
    struct pair p;
    weft_message *m;
    uint8_t *data = data_of(5000, JSON, 3), key[4] = {0};
    open_with(&p, false, 15, false, false);
    assert_int_equal(weft_message_new(&m, &p.heap.env, WEFT_BINARY, data, 5000), 0);
    size_t asked = 0;
    for (int round = 0; round < 3; round++) {
        struct heard h = {0};
        size_t wire, before = p.heap.asked;
        assert_int_equal(weft_session_send_message(p.client, m), 0);
        asked = p.heap.asked - before;
        uint8_t *bytes = take_output(p.client, &wire);
        assert_int_equal(bytes[0], 0xc2);
        assert_int_equal(bytes[1], 0x80 | 126);
        assert_memory_not_equal(bytes + 4, key, sizeof key);
        memcpy(key, bytes + 4, sizeof key);
        assert_int_equal(hear(p.server, bytes, wire, 0, &h), 0);
        assert_true(all_equal(&h, data, 5000));
        bytes_free(&h.bytes);
        free(bytes);
    }
    size_t before = p.heap.asked;
    assert_int_equal(weft_session_send(p.client, WEFT_BINARY, data, 5000), 0);
    assert_true(asked < p.heap.asked - before); /* no state to compress with */
    weft_message_unref(m);
    close_pair(&p);
    free(data);
}

/* Whether the n-th allocation was asked for. Whatever fails, what does arrive is right. */
static bool with_failing(size_t n, bool takeover, bool pool)
{
    struct pair p;
    uint8_t *data = data_of(40000, JSON, 1);
    open_with(&p, takeover, 12, pool, false);
    p.heap.asked = 0;
    p.heap.fail_at = n;
    bool alive = true;
    for (int i = 0; i < 3 && alive; i++) {
        struct heard h = {0};
        size_t wire;
        int sent = weft_session_send(p.server, WEFT_BINARY, data, 40000);
        assert_true(sent == 0 || sent == -ENOMEM);
        uint8_t *bytes = take_output(p.server, &wire);
        int result = hear(p.client, bytes, wire, 1000, &h);
        assert_true(result == 0 || (result == -ENOMEM && p.heap.failed));
        if (h.messages) assert_true(all_equal(&h, data, 40000));
        alive = result == 0;
        bytes_free(&h.bytes);
        free(bytes);
    }
    bool failed = p.heap.failed;
    p.heap.fail_at = 0;
    close_pair(&p);
    free(data);
    return failed;
}

static void test_allocations_that_fail(void **state)
{
    (void)state;
    for (int mode = 0; mode < 4; mode++)
        for (size_t n = 1; with_failing(n, mode & 1, mode & 2); n++) assert_true(n < 200);
}

/* Between messages a session has nothing but its windows, and those only with takeover. */
static void test_memory(void **state)
{
    (void)state;
    uint8_t *data = data_of(3000, JSON, 1);
    for (int takeover = 0; takeover <= 1; takeover++) {
        struct pair p;
        open_with(&p, takeover, 12, false, false);
        say(p.client, p.server, data, 3000, 0);
        weft_event ev;
        assert_int_equal(weft_session_read(p.server, &(weft_span){0}, &ev), 0);
        size_t before = p.heap.in_use;
        say(p.server, p.client, data, 3000, 0);
        assert_int_equal(weft_session_read(p.client, &(weft_span){0}, &ev), 0);
        size_t windows = p.heap.in_use - before;
        assert_true(takeover ? windows >= 8192 && windows < 8400 : windows == 0);
        close_pair(&p);
    }
    free(data);
}

/* What a session gives back to the pool on its way out, half a message in, is as new for the next one. */
static void test_the_pool_forgets_a_session(void **state)
{
    (void)state;
    struct pair p;
    uint8_t *data = data_of(3000, JSON, 1);
    open_with(&p, true, 12, true, false);
    for (size_t i = 0; i < 3; i++) {
        struct heard h = {0};
        size_t wire;
        say(p.client, p.server, data, 3000, 0);
        say(p.server, p.client, data, 3000, 0);
        assert_int_equal(weft_session_send(p.client, WEFT_BINARY, data, 3000), 0);
        uint8_t *bytes = take_output(p.client, &wire);
        assert_int_equal(hear(p.server, bytes, wire / 2, 0, &h), 0);
        free(bytes);
        weft_session_free(p.server);
        weft_session_free(p.client);
        assert_int_equal(session_of(&p.server, WEFT_SERVER, &p.config), 0);
        assert_int_equal(session_of(&p.client, WEFT_CLIENT, &p.config), 0);
        weft_session_set_deflate(p.server, &p.params);
        weft_session_set_deflate(p.client, &p.params);
    }
    close_pair(&p);
    free(data);
}

/* What a server with default settings holds, for a client that offers this and sends as much as it may. */
static size_t held(const char *offer, bool takeover, bool *alone)
{
    static const weft_deflate shared, both = {.takeover = true};
    weft_field field = {{(const uint8_t *)"Sec-WebSocket-Extensions", 24},
                        {(const uint8_t *)offer, strlen(offer)}};
    weft_request_head head = {.fields = &field, .n_fields = 1};
    char text[WEFT_DEFLATE_TEXT];
    weft_event ev;
    struct pair p;
    uint8_t *data = data_of(100000, JSON, 1);
    open_with(&p, takeover, 12, false, false);
    weft_session_free(p.client);
    assert_int_equal(weft_session_new(&p.client, WEFT_CLIENT, NULL),
                     0); /* its memory does not count */
    weft_deflate_choose(&head, takeover ? &both : &shared, &p.params, text);
    *alone = p.params.client_no_context_takeover;
    weft_session_set_deflate(p.server, &p.params);
    weft_session_set_deflate(p.client, &p.params);
    for (size_t i = 0; i < 3; i++) {
        say(p.client, p.server, data, 100000, i * 1000);
        assert_int_equal(weft_session_send(p.server, WEFT_BINARY, data, 100000), 0);
        free(take_output(p.server, &(size_t){0}));
    }
    assert_int_equal(weft_session_read(p.server, &(weft_span){0}, &ev), 0);
    size_t bytes = p.heap.in_use;
    close_pair(&p);
    free(data);
    return bytes;
}

/* Without takeover no more than without compression; with it less than 24 KiB, whoever is the client. */
static void test_memory_of_what_is_agreed_on(void **state)
{
    (void)state;
    static const char *const offers[] = {
        "permessage-deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=15; server_max_window_bits=15",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"};
    bool alone;
    size_t plain = held("x-none", false, &alone);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(held(offers[i], false, &alone), plain);
        size_t windows = held(offers[i], true, &alone) - plain;
        assert_true(windows <= 2 * (4096 + 16) + 208); /* and the buffers that hold them */
        assert_int_equal(alone,
                         i == 0 || i == 3); /* a window that may not be bounded is declined */
    }
}

/* Where a message goes on is not known from what is left of its frame, which is compressed. */
static void test_large_messages_are_gathered_by_doubling(void **state)
{
    (void)state;
    enum { SIZE = 1 << 22 };
    struct pair p;
    struct heard h = {0};
    size_t wire;
    uint8_t *data = data_of(SIZE, JSON, 5);
    open_within(&p, false, 15, true, false, SIZE);
    assert_int_equal(weft_session_send(p.server, WEFT_BINARY, data, SIZE), 0);
    uint8_t *bytes = take_output(p.server, &wire);
    size_t before = p.heap.asked;
    assert_int_equal(hear(p.client, bytes, wire, 0, &h), 0);
    assert_true(all_equal(&h, data, SIZE));
    assert_true(p.heap.asked - before < 16);
    bytes_free(&h.bytes);
    free(bytes);
    free(data);
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_window_and_mode),
        cmocka_unit_test(test_takeover_pays),
        cmocka_unit_test(test_distances_stay_in_the_window),
        cmocka_unit_test(test_what_zlib_deflates),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_shared_messages),
        cmocka_unit_test(test_a_client_shares_messages),
        cmocka_unit_test(test_allocations_that_fail),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_the_pool_forgets_a_session),
        cmocka_unit_test(test_memory_of_what_is_agreed_on),
        cmocka_unit_test(test_large_messages_are_gathered_by_doubling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
