/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_drain.c - before a server leaves: who is new is refused, who is there is asked one after the other
 */
#include "raw.h"
#include "teller.h"

enum { PEERS = 4 };

static struct world world;
static struct teller server;
static struct raw *peers[PEERS];
static int done;

static void answer(weft_request *r, void *user)
{
    (void)user;
    assert_int_equal(weft_respond(r, 200, NULL, "done", 4), 0);
}

static int begin(void **state)
{
    (void)state;
    static const weft_request_handler page = {.on_request = answer, .unrefused = "POST, GET"};
    memset(&server, 0, sizeof server);
    done = 0;
    world_begin(&world);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    assert_int_equal(weft_server_on_request(world.server, "/health", &page, NULL), 0);
    assert_int_equal(world_requests(world.server, "/page", answer, NULL), 0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void open_peers(void)
{
    for (size_t i = 0; i < PEERS; i++) peers[i] = raw_open(&world, "/");
}

static void free_peers(void)
{
    for (size_t i = 0; i < PEERS; i++) raw_free(peers[i]);
}

static void on_done(weft_server *s, void *user)
{
    assert_ptr_equal(s, world.server);
    assert_ptr_equal(user, &done);
    done++;
}

static void drain(uint64_t over_ms)
{
    assert_int_equal(
        weft_server_drain(world.server, WEFT_CLOSE_SERVICE_RESTART, over_ms, on_done, &done), 0);
    assert_int_equal(weft_server_drain(world.server, 1012, over_ms, on_done, &done),
                     WEFT_ERR_STATE);
}

/* How many were sent a Close. */
static size_t asked(void)
{
    size_t n = 0;
    for (size_t i = 0; i < PEERS; i++) n += raw_heard(peers[i], "\x88\x02\x03\xf4");
    return n;
}

/* In steps that are shorter than the server's. */
static void pass_slowly(uint64_t ms)
{
    for (uint64_t passed = 0; passed < ms; passed += 10) pass(&world, 10);
}

/* ---- refused --------------------------------------------------------------------------------- */

static int retry_after(struct raw *r)
{
    int seconds = 0;
    const char *at = strstr(r->got, "\r\nRetry-After: ");
    return at && sscanf(at + 15, "%d", &seconds) == 1 ? seconds : 0;
}

/* The status, on a connection of its own. */
static int ask(const char *request, int *seconds)
{
    struct raw *r = raw_connect(&world);
    int status = raw_ask(&world, r, request);
    *seconds = retry_after(r);
    raw_free(r);
    return status;
}

static void test_who_is_new_is_refused(void **state)
{
    (void)state;
    int seconds;
    struct raw *there = raw_open(&world, "/");
    weft_server_refuse(world.server, 3, 4);
    assert_int_equal(ask("GET /page HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 503);
    assert_in_range(seconds, 3, 7);
    assert_int_equal(ask(UPGRADE("/", ""), &seconds), 503);
    assert_in_range(seconds, 3, 7);
    assert_int_equal(ask("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 404);
    assert_int_equal(ask("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 200);
    assert_int_equal(ask("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 200);
    assert_int_equal(
        ask("POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", &seconds), 200);
    assert_int_equal(ask("DELETE /health HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 503);
    raw_text(there, "still here");
    turn_until(&world, told(&server.story, "text still here;"));
    weft_server_refuse(world.server, 0, 0);
    assert_int_equal(ask("GET /page HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 200);
    raw_free(there);
}

/* It waits for whoever listens at the same socket next. */
static void test_who_is_new_waits(void **state)
{
    (void)state;
    struct sockaddr_in to = loopback(0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(fd, 8), 0);
    weft_server_unlisten(world.server);
    assert_int_equal(weft_server_listen_fd(world.server, dup(fd), NULL), 0);
    assert_true(weft_server_address(world.server, 0, world.address, sizeof world.address) > 0);
    struct raw *there = raw_open(&world, "/");
    weft_server_unlisten(world.server);
    struct raw *waits = raw_connect(&world);
    raw_say(waits, "GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    assert_int_equal(raw_status(waits), 0);
    assert_false(raw_ended(waits));
    raw_text(there, "still here");
    turn_until(&world, told(&server.story, "text still here;"));
    assert_int_equal(weft_server_listen_fd(world.server, fd, NULL), 0);
    turn_until(&world, raw_status(waits));
    assert_int_equal(raw_status(waits), 200);
    raw_free(there);
    raw_free(waits);
}

static void refuse(weft_request *r, int status, const char *words, void *user)
{
    (void)user;
    assert_non_null(strstr(words, "try again later"));
    assert_int_equal(weft_reply_field(r, "Retry-After", "99"), 0);
    assert_int_equal(weft_respond(r, status, NULL, NULL, 0), 0);
}

static void test_a_route_says_it_in_its_way(void **state)
{
    (void)state;
    static const weft_request_handler h = {.on_request = answer, .on_refuse = refuse};
    int seconds;
    assert_int_equal(weft_server_on_request(world.server, "/page", &h, NULL), 0);
    weft_server_refuse(world.server, 3, 0);
    assert_int_equal(ask("GET /page HTTP/1.1\r\nHost: x\r\n\r\n", &seconds), 503);
    assert_int_equal(seconds, 99);
}

static void test_wrong_lists(void **state)
{
    (void)state;
    const weft_request_handler h = {.on_request = answer, .unrefused = "GET POST"};
    assert_int_equal(weft_server_on_request(world.server, "/page", &h, NULL), -EINVAL);
    assert_non_null(strstr(world.said, "weft_request_handler.unrefused"));
}

/* ---- asked ----------------------------------------------------------------------------------- */

static void test_one_after_the_other(void **state)
{
    (void)state;
    struct raw *idle = raw_connect(&world);
    assert_int_equal(raw_ask(&world, idle, "GET /page HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    open_peers();
    drain(4000);
    for (size_t n = 1; n <= PEERS; n++) {
        pass_slowly(500);
        assert_int_equal(asked(), n);
        if (n < PEERS) pass_slowly(500);
    }
    pass_slowly(400);
    assert_int_equal(done, 1);
    assert_false(raw_ended(idle));
    assert_int_equal(raw_ask(&world, idle, "GET /page HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    struct raw *late = raw_open(&world, "/");
    raw_free(late);
    raw_free(idle);
    free_peers();
}

static void test_who_has_come_since_is_asked_at_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEERS - 1; i++) peers[i] = raw_open(&world, "/");
    drain(1000);
    pass_slowly(100);
    assert_true(raw_heard(peers[0], "\x88\x02\x03\xf4"));
    raw_hang_up(peers[0]); /* whose slot is taken again */
    settle(&world);
    peers[PEERS - 1] = raw_open(&world, "/");
    pass_slowly(1000);
    assert_int_equal(asked(), PEERS);
    assert_int_equal(done, 1);
    free_peers();
}

static void test_nobody_is_there(void **state)
{
    (void)state;
    drain(100000);
    pass(&world, 1);
    assert_int_equal(done, 1);
}

static void test_at_once(void **state)
{
    (void)state;
    open_peers();
    drain(0);
    pass(&world, 1);
    assert_int_equal(asked(), PEERS);
    assert_int_equal(done, 1);
    free_peers();
}

/* ---- whose handler ends them ----------------------------------------------------------------- */

static void is_to_leave(weft_conn *c, uint64_t return_ms)
{
    struct teller *t = weft_conn_user(c);
    assert_in_range(return_ms, 1000, 2000);
    tell(&t->story, "leave %d;", weft_conn_leaving_code(c));
}

static void test_handlers_are_told_and_know_the_code(void **state)
{
    (void)state;
    weft_handler h = telling;
    h.on_leave = is_to_leave;
    assert_int_equal(weft_server_route(world.server, "/asked", &h, &server), 0);
    struct raw *r = raw_open(&world, "/asked");
    drain(1000);
    pass_slowly(1100);
    expect_story(&server.story, "open;leave 1012;");
    assert_int_equal(weft_conn_leaving_code(server.conn), 0);
    assert_int_equal(done, 1);
    raw_text(r, "and on");
    turn_until(&world, told(&server.story, "and on"));
    raw_free(r);
}

static weft_request *held;

static void hold(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

static void asked_to_answer(weft_request *r, uint64_t return_ms, void *user)
{
    (void)return_ms;
    (void)user;
    held = NULL;
    assert_int_equal(weft_respond(r, 200, NULL, "early", 5), 0);
}

static void hold_and_listen(weft_request *r, void *user)
{
    static const weft_request_watcher watcher = {.on_leave = asked_to_answer};
    (void)user;
    held = r;
    assert_int_equal(weft_request_watch(r, &watcher, NULL), 0);
}

static void test_requests_that_wait_are_asked(void **state)
{
    (void)state;
    assert_int_equal(world_requests(world.server, "/poll", hold_and_listen, NULL), 0);
    assert_int_equal(world_requests(world.server, "/slow", hold, NULL), 0);
    struct raw *poll = raw_connect(&world), *slow = raw_connect(&world);
    raw_say(poll, "GET /poll HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    raw_say(slow, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    weft_request *late = held;
    drain(200);
    pass_slowly(300);
    assert_int_equal(raw_status(poll), 200);
    assert_int_equal(raw_status(slow), 0);
    assert_int_equal(weft_respond(late, 200, NULL, "late", 4), 0);
    turn_until(&world, raw_status(slow));
    assert_int_equal(done, 1);
    raw_free(poll);
    raw_free(slow);
}

/* ---- the end comes before -------------------------------------------------------------------- */

static void test_shut_down_meanwhile(void **state)
{
    (void)state;
    int left = 0;
    open_peers();
    drain(100000);
    pass(&world, 60);
    assert_int_equal(asked(), 1);
    assert_int_equal(weft_server_shutdown(world.server, 1012, NULL, &left), 0);
    assert_int_equal(weft_server_drain(world.server, 1012, 0, NULL, NULL), WEFT_ERR_STATE);
    pass_slowly(200);
    assert_int_equal(asked(), PEERS);
    free_peers();
    pass_slowly(200);
    assert_int_equal(done, 0);
}

static void test_freed_meanwhile(void **state)
{
    (void)state;
    open_peers();
    drain(100000);
    pass(&world, 60);
    weft_server_free(world.server);
    world.server = NULL;
    pass(&world, 1000);
    assert_int_equal(done, 0);
    free_peers();
}

static void test_no_memory(void **state)
{
    (void)state;
    world_fail_at(&world, 0);
    assert_int_equal(weft_server_drain(world.server, 1012, 0, on_done, &done), -ENOMEM);
    drain(0);
    pass(&world, 1);
    assert_int_equal(done, 1);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_who_is_new_is_refused),
        unit(test_who_is_new_waits),
        unit(test_a_route_says_it_in_its_way),
        unit(test_wrong_lists),
        unit(test_one_after_the_other),
        unit(test_who_has_come_since_is_asked_at_the_end),
        unit(test_nobody_is_there),
        unit(test_at_once),
        unit(test_handlers_are_told_and_know_the_code),
        unit(test_requests_that_wait_are_asked),
        unit(test_shut_down_meanwhile),
        unit(test_freed_meanwhile),
        unit(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
