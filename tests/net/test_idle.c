/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_idle.c - what an open WebSocket, and a reply that streams, cost while nothing is said
 *
 * Blocks are counted as malloc makes them: a header of 8 bytes before each, 16 bytes at a time. What the loop
 * keeps for all is there after the first connection; what the others add is theirs.
 */
#include <malloc.h>

#include "raw.h"

#include "net/spent.h"

/* WARM: before it is measured, what a loop keeps for all is there (net/spent.h). */
enum { WARM = SPENT_KEPT + 2 };
enum { HEADER = 8, GRAIN = 16, MOST = 256, REPLY_MOST = 320, CONNECTIONS = 300, LONG = 20000 };

static struct world world;
static long in_use;

static long block_of(void *p)
{
    return p ? (long)((malloc_usable_size(p) + HEADER + GRAIN - 1) / GRAIN * GRAIN) : 0;
}

static void *counted_realloc(void *ctx, void *p, size_t size)
{
    long before = block_of(p);
    void *q = world_realloc(ctx, p, size);
    if (q || !size) in_use += block_of(q) - before;
    return q;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    assert_int_equal(weft_send(c, op, data, len), 0);
}

static const weft_deflate deflate;
static const weft_handler plain = {.on_message = on_message};
static const weft_handler small = {.on_message = on_message, .deflate = &deflate};

static void stream(weft_request *r, void *user)
{
    weft_reply *reply;
    (void)user;
    assert_int_equal(weft_reply_field(r, "Cache-Control", "no-store"), 0);
    assert_int_equal(
        weft_reply_begin(&reply, r, 200, "text/event-stream", WEFT_LENGTH_UNKNOWN, NULL, NULL), 0);
    assert_int_equal(weft_reply_write(reply, "\n", 1), 0);
}

static int begin(void **state)
{
    (void)state;
    world_begin_with(&world, counted_realloc);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_route(world.server, "/plain", &plain, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/small", &small, NULL), 0);
    assert_int_equal(world_requests(world.server, "/stream", stream, NULL), 0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static const char *const plain_request = UPGRADE("/plain", "");
static const char *const small_request =
    UPGRADE("/small", "Sec-WebSocket-Extensions: permessage-deflate\r\n");

static const char *const stream_request =
    "GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";

static struct raw *open_one(const char *request)
{
    struct raw *r = raw_connect(&world);
    raw_say(r, request);
    turn_until(&world, raw_status(r));
    assert_true(raw_status(r) == 101 || raw_status(r) == 200);
    return r;
}

/* What comes back ends so. */
static bool heard_last(struct raw *r, const char *last)
{
    size_t n = strlen(last);
    raw_read(r);
    return r->len >= n && memcmp(r->got + r->len - n, last, n) == 0;
}

static void hear(struct raw *r, const char *last)
{
    turn_until(&world, heard_last(r, last));
}

static void say_nothing(struct raw *r)
{
    (void)r;
}

/* A bit of everything. */
static void say_all(struct raw *r)
{
    static uint8_t text[LONG];
    raw_text(r, "hello");
    raw_frame(r, 0x89, "ping", 4);
    raw_frame(r, 0x01, "two ", 4);
    raw_frame(r, 0x80, "parts", 5);
    raw_frame(r, 0x82, text, LONG);
    raw_text(r, "end");
    hear(r, "\x81\x03"
            "end");
}

/* Frames that do not come all at once. */
static void say_in_pieces(struct raw *r)
{
    raw_write(r, "\x81\x85\0\0\0\0hell", 10);
    turn(&world, 5);
    raw_write(r, "o\x89", 2);
    turn(&world, 5);
    raw_write(r, "\x81\0\0\0\0!", 6);
    hear(r, "\x8a\x01!");
}

/* Bytes for each of many that have said that, and have nothing more to say. */
static long cost_of(const char *request, void (*say)(struct raw *r))
{
    static int peers[WARM + CONNECTIONS];
    long before = 0;
    for (int i = 0; i < WARM + CONNECTIONS; i++) {
        struct raw *r = open_one(request);
        say(r);
        peers[i] = dup(r->fd);
        raw_free(r);
        if (i == WARM - 1) before = in_use;
    }
    long each = (in_use - before) / CONNECTIONS;
    for (int i = 0; i < WARM + CONNECTIONS; i++) close(peers[i]);
    return each;
}

static void test_after_the_handshake(void **state)
{
    (void)state;
    assert_in_range(cost_of(plain_request, say_nothing), 1, MOST);
}

static void test_between_messages(void **state)
{
    (void)state;
    assert_in_range(cost_of(plain_request, say_all), 1, MOST);
}

static void test_after_messages_in_pieces(void **state)
{
    (void)state;
    assert_in_range(cost_of(plain_request, say_in_pieces), 1, MOST);
}

/* Without context takeover there is nothing to keep. */
static void test_with_compression(void **state)
{
    (void)state;
    assert_in_range(cost_of(small_request, say_all), 1, MOST);
}

/* ---- a reply that streams -------------------------------------------------------------------- */

static void take_the_first_chunk(struct raw *r)
{
    hear(r, "1\r\n\n\r\n");
}

/* Its head and its first chunk are taken; the request, its fields and the parser are gone. */
static void test_a_stream(void **state)
{
    (void)state;
    assert_in_range(cost_of(stream_request, take_the_first_chunk), 1, REPLY_MOST);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_after_the_handshake),
        unit(test_between_messages),
        unit(test_after_messages_in_pieces),
        unit(test_with_compression),
        unit(test_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
