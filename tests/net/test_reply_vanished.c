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

enum { INTERVAL = 1000, SHORT = 1000, LONG = 4000, PATIENCE = 15000 }; /* ms */

static struct world world;
static weft_server *patient; /* its pong_timeout is LONG */
static weft_piece *piece;

#define HTTP_1_1 " HTTP/1.1\r\nHost: x\r\n\r\n"

static struct client {
    const char *request;
    bool is_patients;
    bool vanishes;
    uint64_t back; /* ms after which it is there again; 0: never */
    bool
        is_written_to; /* when it has vanished: then a segment is under way, and no probes are sent */
    int expect;        /* 0: it is there at the end */
    struct raw *raw;
    weft_reply *reply;
    int error;
    uint64_t ms; /* when it was closed */
} clients[] = {
    {.request = "GET /unknown" HTTP_1_1, .vanishes = true, .expect = -ETIMEDOUT},
    {.request = "GET /unknown HTTP/1.0\r\n\r\n", .vanishes = true, .expect = -ETIMEDOUT},
    {.request = "GET /unknown" HTTP_1_1,
     .vanishes = true,
     .is_written_to = true,
     .expect = -ETIMEDOUT},
    {.request = "GET /unknown" HTTP_1_1},
    {.request = "GET /unknown" HTTP_1_1, .is_written_to = true},
    /* a probe or two that are lost are not the end */
    {.request = "GET /unknown" HTTP_1_1, .is_patients = true, .vanishes = true, .back = 2500},
    {.request = "GET /unknown" HTTP_1_1,
     .is_patients = true,
     .vanishes = true,
     .expect = -ETIMEDOUT},
    /* ends by itself; write_stall is its deadline, when it has something to say */
    {.request = "GET /known" HTTP_1_1, .vanishes = true},
};

static struct client *const clients_end = clients + countof(clients);

static struct client *asking;

static uint64_t now_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The world's clock is moved along. */
static void turn_for_real(void)
{
    world.now_us = now_ms() * 1000;
    turn(&world, 50);
}

/* ---- the server ------------------------------------------------------------------------------ */

static void on_close(weft_reply *r, int error, const char *cause)
{
    struct client *c = weft_reply_user(r);
    (void)cause;
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

static void serve(weft_server **server, uint64_t pong_timeout)
{
    weft_server_config cfg = {.limits = &(weft_limits){.ping_interval = INTERVAL,
                                                       .pong_timeout = pong_timeout,
                                                       .write_stall = INTERVAL}};
    world_serve(&world, &cfg);
    *server = world.server;
    assert_int_equal(world_requests(*server, "/unknown", start, NULL), 0);
    assert_int_equal(world_requests(*server, "/known", start, &world), 0);
    world_listen(&world);
}

/* Those who talk to the server that listens just now. */
static void ask_all(bool patients)
{
    for (struct client *c = clients; c < clients_end; c++) {
        if (c->is_patients != patients) continue;
        asking = c;
        c->raw = raw_connect(&world);
        raw_say(c->raw, c->request);
        turn_until(&world, raw_status(c->raw) == 200);
    }
}

static int begin(void **state)
{
    weft_server *hasty;
    (void)state;
    world_begin(&world);
    world.now_us = now_ms() * 1000;
    serve(&patient, LONG);
    ask_all(true);
    serve(&hasty, SHORT);
    ask_all(false);
    assert_int_equal(weft_piece_new(&piece, &world.env, "tick", 4), 0);
    settle(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (struct client *c = clients; c < clients_end; c++) raw_free(c->raw);
    weft_piece_unref(piece);
    weft_server_free(patient);
    world_end(&world);
    return 0;
}

/* ---- the clients ----------------------------------------------------------------------------- */

static void vanish(const struct raw *r)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog drop = {1, &nothing};
    assert_int_equal(setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &drop, sizeof drop), 0);
}

static void come_back(const struct raw *r)
{
    int unused = 0;
    assert_int_equal(setsockopt(r->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused), 0);
}

static void turn_until_ms(uint64_t when)
{
    while (now_ms() < when) turn_for_real();
}

static bool all_are_noticed(void)
{
    for (struct client *c = clients; c < clients_end; c++)
        if (c->expect && c->reply) return false;
    return true;
}

static void test_who_vanishes_is_noticed(void **state)
{
    (void)state;
    uint64_t from = now_ms();
    for (struct client *c = clients; c < clients_end; c++) {
        if (c->vanishes) vanish(c->raw);
        if (c->is_written_to) assert_int_equal(weft_reply_write_piece(c->reply, piece), 0);
    }
    for (struct client *c = clients; c < clients_end; c++) {
        if (!c->back) continue;
        turn_until_ms(from + c->back);
        come_back(c->raw);
    }
    while (!all_are_noticed()) {
        if (now_ms() > from + PATIENCE) fail_msg("who has vanished is not noticed");
        turn_for_real();
    }
    turn_until_ms(from + INTERVAL + LONG + 1500);
    for (struct client *c = clients; c < clients_end; c++) {
        uint64_t soonest = from + INTERVAL + (c->is_patients ? LONG : SHORT);
        assert_int_equal(c->error, c->expect);
        if (c->expect) assert_true(c->ms + 500 > soonest);
        else assert_non_null(c->reply);
    }
}

/* Who only says nothing has answered the probes, and hears what comes. */
static void test_who_is_silent_stays(void **state)
{
    (void)state;
    for (struct client *c = clients; c < clients_end; c++) {
        if (c->vanishes && !c->back) continue;
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
