/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_refuse.c - what weft refuses by itself, said by the user (weft_request_handler.on_refuse)
 */
#include "streaming.h"

static int refused;      /* status of the newest refusal */
static bool later;       /* it is answered when the test does */
static char words[1024]; /* of it */
static uint64_t received;
static char cause[128];

static void say(weft_request *r, int status, const char *text)
{
    char body[1100];
    snprintf(body, sizeof body, "<%d %s>", status, text);
    assert_int_equal(weft_respond(r, status, "x/y", body, strlen(body)), 0);
}

static void on_refuse(weft_request *r, int status, const char *text, void *user)
{
    assert_ptr_equal(user, &world);
    assert_ptr_equal(weft_request_user(r), &world);
    assert_int_equal(weft_request_body(r).len, 0);
    assert_int_equal(weft_request_path(r).data[0], '/');
    refused = status;
    snprintf(words, sizeof words, "%s", text);
    if (later) held = r;
    else say(r, status, text);
}

static void on_access(const weft_access *a, void *user)
{
    (void)user;
    received = a->received;
    snprintf(cause, sizeof cause, "%s", a->cause);
}

static void start(const char *methods)
{
    static const char *const hosts[] = {"x", "localhost", NULL};
    static const weft_limits few = {.http_body_max = 10};
    const weft_request_handler h = {
        .on_request = hold, .on_refuse = on_refuse, .limits = &few, .methods = methods};
    held = NULL;
    refused = 0;
    later = false;
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.hosts = hosts, .on_access = on_access});
    assert_int_equal(weft_server_on_request(world.server, "/said", &h, &world), 0);
    assert_int_equal(world_requests(world.server, "/plain", hold, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/said", NULL, NULL), 0);
    world_listen(&world);
}

/* What is answered, and nothing behind it. */
static struct raw *answered(const char *request)
{
    struct raw *r = raw_connect(&world);
    raw_ask(&world, r, request);
    turn_until(&world, raw_ended(r));
    return r;
}

#define HEAD(method, fields) method " /said HTTP/1.1\r\nHost: x\r\n" fields "\r\n"

/* ---- each of them ---------------------------------------------------------------------------- */

static void test_each(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
        const char *body;
    } cases[] = {
        {HEAD("POST", "Content-Length: 11\r\n"), 413, "<413 the body is too large>"},
        {HEAD("POST", "Transfer-Encoding: chunked\r\n") "5\r\n12345\r\n6\r\n", 413,
         "<413 the body is too large>"},
        {HEAD("POST", "Transfer-Encoding: chunked\r\n") "x", 400,
         "<400 a chunk size without digits>"},
        {HEAD("PUT", ""), 405, "<405 this path does not have this method>"},
        {"GET /said HTTP/1.1\r\nHost: other\r\n\r\n", 421,
         "<421 this server does not answer to the host \"other\"; to let it, add it to the "
         "server's hosts (--host NAME)>"},
        {"GET /said HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n",
         426, NULL},
        {UPGRADE("/said", "Origin: http://other.example\r\n"), 403, NULL},
    };
    start("GET, POST");
    for (size_t i = 0; i < countof(cases); i++) {
        char type[] = "Content-Type: x/y\r\n";
        struct raw *r = answered(cases[i].request);
        assert_int_equal(raw_status(r), cases[i].status);
        assert_int_equal(refused, cases[i].status);
        assert_true(raw_heard(r, type));
        if (cases[i].body) assert_string_equal(raw_body(r), cases[i].body);
        assert_int_equal(weft_server_count_refused(world.server, refused), i == 1 ? 2 : 1);
        assert_string_not_equal(cause, "");
        assert_int_equal(received, 0);
        assert_null(held);
        raw_free(r);
    }
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_REQUESTS), 0);
    world_end(&world);
}

/* What the status needs is there without the user. */
static void test_fields(void **state)
{
    (void)state;
    start("GET, POST");
    struct raw *r = answered(HEAD("PUT", ""));
    assert_true(raw_heard(r, "Allow: GET, POST, HEAD, OPTIONS\r\n"));
    raw_free(r);
    r = answered("GET /said HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Sec-WebSocket-Version: 12\r\n\r\n");
    assert_true(raw_heard(r, "Sec-WebSocket-Version: 13\r\n"));
    raw_free(r);
    world_end(&world);
}

/* A page that may read answers may read this one, too. */
static void test_cors(void **state)
{
    (void)state;
    static const weft_limits few = {.http_body_max = 10};
    const weft_request_handler h = {
        .on_request = hold, .on_refuse = on_refuse, .limits = &few, .cors = true};
    start(NULL);
    assert_int_equal(weft_server_on_request(world.server, "/said", &h, &world), 0);
    struct raw *r = answered(HEAD("POST", "Origin: http://localhost:9\r\nContent-Length: 11\r\n"));
    assert_int_equal(raw_status(r), 413);
    assert_true(raw_heard(r, "Access-Control-Allow-Origin: http://localhost:9\r\n"));
    raw_free(r);
    world_end(&world);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void test_a_body_that_does_not_come(void **state)
{
    (void)state;
    start(NULL);
    struct raw *r = raw_connect(&world);
    raw_say(r, HEAD("POST", "Content-Length: 10\r\n") "12345");
    settle(&world);
    pass(&world, 60000);
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_body(r), "<408 the request took too long to arrive>");
    raw_free(r);
    world_end(&world);
}

static void test_a_body_that_is_cut_off(void **state)
{
    (void)state;
    start(NULL);
    struct raw *r = raw_connect(&world);
    raw_say(r, HEAD("POST", "Content-Length: 10\r\n") "12345");
    shutdown(r->fd, SHUT_WR);
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_body(r), "<400 the stream ended inside a request>");
    raw_free(r);
    world_end(&world);
}

/* It waits as every request does, and nothing that follows is read meanwhile. */
static void test_answered_later(void **state)
{
    (void)state;
    start(NULL);
    later = true;
    struct raw *r = raw_connect(&world);
    raw_say(r, HEAD("POST", "Content-Length: 11\r\n") "12345678901" GET("/plain"));
    turn_until(&world, held);
    pass(&world, 100000);
    assert_int_equal(raw_status(r), 0);
    weft_request *asked = take();
    say(asked, refused, words);
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_body(r), "<413 the body is too large>");
    assert_null(held);
    raw_free(r);
    world_end(&world);
}

static void test_left_before_the_answer(void **state)
{
    (void)state;
    start(NULL);
    later = true;
    struct raw *r = raw_connect(&world);
    raw_say(r, HEAD("POST", "Content-Length: 11\r\n"));
    turn_until(&world, held);
    raw_reset(r);
    turn_until(&world, !weft_request_is_open(held));
    assert_int_equal(weft_respond(take(), 413, NULL, NULL, 0), WEFT_ERR_CLOSED);
    raw_free(r);
    world_end(&world);
}

/* ---- who is not asked ------------------------------------------------------------------------ */

/* No head, no route, or none that says it; and who has been told of the request already is not told of it again. */
static void test_not_asked(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET /said HTTP/1.1\r\n\r\n", "GET said HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /none HTTP/1.1\r\nHost: x\r\n\r\n", "GET /plain HTTP/1.1\r\nHost: other\r\n\r\n"};
    start(NULL);
    for (size_t i = 0; i < countof(requests); i++) {
        struct raw *r = answered(requests[i]);
        assert_true(raw_heard(r, "Content-Type: text/plain; charset=utf-8\r\n"));
        raw_free(r);
    }
    struct raw *r = raw_connect(&world);
    raw_say(r, HEAD("GET", ""));
    turn_until(&world, held);
    assert_int_equal(weft_respond(take(), 200, "a\nb", NULL, 0), -EINVAL);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 500);
    assert_int_equal(refused, 0);
    raw_free(r);
    world_end(&world);
}

/* Whatever there is no memory for: an answer all the same, or an end. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const requests[] = {HEAD("POST", "Content-Length: 11\r\n"), HEAD("PUT", ""),
                                           UPGRADE("/said", "Origin: http://other.example\r\n")};
    start("GET, POST");
    for (size_t i = 0; i < countof(requests); i++) {
        for (long n = 0, used = 1; n < used; n++) {
            struct raw *r = raw_connect(&world);
            world_fail_at(&world, n);
            raw_say(r, requests[i]);
            turn_until(&world, raw_ended(r));
            used = world.asked;
            world_fail_at(&world, -1);
            raw_free(r);
        }
    }
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_cors),
        cmocka_unit_test(test_a_body_that_does_not_come),
        cmocka_unit_test(test_a_body_that_is_cut_off),
        cmocka_unit_test(test_answered_later),
        cmocka_unit_test(test_left_before_the_answer),
        cmocka_unit_test(test_not_asked),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
