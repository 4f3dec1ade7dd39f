/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_reply_vanished.c - a client that has vanished without a word, and one that only says nothing
 *
 * A reply of unknown length may have nothing to say for hours, so that nobody would notice. It is probed after
 * ping_interval of silence, and has pong_timeout to answer. Probes are the kernel's (TCP keepalive), in real seconds.
 *
 * A client vanishes when its socket drops every segment that comes in, by a filter: its kernel acknowledges nothing,
 * and sends no reset. All cases share the seconds that this takes.
 */
#include <linux/filter.h>
#include <time.h>

#include "raw.h"

#ifndef SO_ATTACH_FILTER
#define SO_ATTACH_FILTER 26
#endif

enum { INTERVAL = 1000, TIMEOUT = 1000, PATIENCE = 15000 }; /* ms */

static struct world world;
static weft_piece *piece;

static struct client {
    const char *request;
    bool vanishes;
    bool
        is_written_to; /* after it has vanished: a segment is under way, so that probes are not sent */
    int expect;        /* 0: it is there at the end */
    struct raw *raw;
    weft_reply *reply;
    int error;
    uint64_t ms; /* when it was closed */
} clients[] = {
    {"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n", true, false, -ETIMEDOUT, NULL, NULL, 0, 0},
    {"GET /unknown HTTP/1.0\r\n\r\n", true, false, -ETIMEDOUT, NULL, NULL, 0, 0},
    {"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n", true, true, -ETIMEDOUT, NULL, NULL, 0, 0},
    {"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n", false, false, 0, NULL, NULL, 0, 0},
    {"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n", false, true, 0, NULL, NULL, 0, 0},
    /* ends by itself: write_stall is its deadline, when it has something to say */
    {"GET /known HTTP/1.1\r\nHost: x\r\n\r\n", true, false, 0, NULL, NULL, 0, 0},
};

static struct client *asking;

static uint64_t now_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t real_now(void *ctx)
{
    (void)ctx;
    return now_ms() * 1000;
}

static void on_close(weft_reply *r, int error, const char *cause)
{
    struct client *c = weft_reply_user(r);
    (void)cause;
    assert_int_equal(c->error, 0);
    c->error = error;
    c->ms = now_ms();
    c->reply = NULL;
}

static void start(weft_request *r, void *user)
{
    static const weft_reply_handler handler = {.on_close = on_close};
    uint64_t length = user ? 100 : WEFT_LENGTH_UNKNOWN;
    assert_int_equal(weft_reply_begin(&asking->reply, r, 200, NULL, length, &handler, asking), 0);
}

static void vanish(const struct raw *r)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog drop = {1, &nothing};
    assert_int_equal(setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &drop, sizeof drop), 0);
}

static bool all_are_noticed(void)
{
    for (size_t i = 0; i < countof(clients); i++)
        if (clients[i].expect && clients[i].reply) return false;
    return true;
}

static int begin(void **state)
{
    (void)state;
    weft_server_config cfg = {.limits = {.ping_interval = INTERVAL, .pong_timeout = TIMEOUT}};
    world_begin(&world);
    world.env.now_us = real_now;
    world_serve(&world, &cfg);
    assert_int_equal(weft_server_on_request(world.server, "/unknown", start, NULL), 0);
    assert_int_equal(weft_server_on_request(world.server, "/known", start, &world), 0);
    world_listen(&world);
    assert_int_equal(weft_piece_new(&piece, &world.env, "tick", 4), 0);
    for (size_t i = 0; i < countof(clients); i++) {
        asking = &clients[i];
        asking->raw = raw_connect(&world);
        raw_say(asking->raw, asking->request);
        turn_until(&world, raw_status(asking->raw) == 200);
    }
    settle(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(clients); i++) raw_free(clients[i].raw);
    weft_piece_unref(piece);
    world_end(&world);
    return 0;
}

static void test_who_vanishes_is_noticed(void **state)
{
    (void)state;
    uint64_t from = now_ms(), quiet = from + INTERVAL + TIMEOUT;
    for (size_t i = 0; i < countof(clients); i++) {
        if (clients[i].vanishes) vanish(clients[i].raw);
        if (clients[i].is_written_to)
            assert_int_equal(weft_reply_write_piece(clients[i].reply, piece), 0);
    }
    while (!all_are_noticed()) {
        if (now_ms() > from + PATIENCE) fail_msg("who has vanished is not noticed");
        turn(&world, 50);
    }
    for (const struct client *c = clients; c < clients + countof(clients); c++) {
        assert_int_equal(c->error, c->expect);
        if (c->expect) assert_true(c->ms + 500 > quiet); /* not too early */
    }
    while (now_ms() < from + 2 * (INTERVAL + TIMEOUT)) turn(&world, 50);
    for (const struct client *c = clients; c < clients + countof(clients); c++)
        if (!c->expect) assert_non_null(c->reply);
}

/* Who only says nothing has answered the probes, and hears what comes. */
static void test_who_is_silent_stays(void **state)
{
    (void)state;
    for (const struct client *c = clients; c < clients + countof(clients); c++) {
        if (c->vanishes) continue;
        raw_forget(c->raw);
        assert_int_equal(weft_reply_write_piece(c->reply, piece), 0);
        turn_until(&world, raw_heard(c->raw, "4\r\ntick\r\n"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_vanishes_is_noticed),
        cmocka_unit_test(test_who_is_silent_stays),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
