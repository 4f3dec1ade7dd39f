/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_proxied.c - what is said of a proxy in front that has not been told all: to it, and in the log
 */
#include "raw.h"

static struct world world;
static char logged[1024]; /* all lines */

static void take(void *ctx, int level, const char *line)
{
    (void)ctx, (void)level;
    size_t n = strlen(logged);
    snprintf(logged + n, sizeof logged - n, "%s\n", line);
}

static void stream(weft_request *r, void *user)
{
    weft_reply *reply;
    (void)user;
    assert_int_equal(weft_reply_begin(&reply, r, 200, NULL, WEFT_LENGTH_UNKNOWN, NULL, NULL), 0);
    weft_reply_abort(reply);
}

static void begin_as(const weft_server_config *config)
{
    logged[0] = 0;
    world_begin(&world);
    world_serve(&world, config);
    assert_int_equal(weft_server_on_request(world.server, "/",
                                            &(weft_request_handler){.on_request = stream}, NULL),
                     0);
    world_listen(&world);
    weft_env *env = (weft_env *)(uintptr_t)weft_loop_env(world.loop);
    env->log = take;
}

static int begin(void **state)
{
    (void)state;
    begin_as(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* The status; 0: there was no answer. */
static int ask(const char *request)
{
    struct raw *r = raw_connect(&world);
    raw_say(r, request);
    settle(&world);
    raw_read(r);
    int status = raw_status(r);
    raw_free(r);
    return status;
}

static bool has_logged(const char *text)
{
    return strstr(logged, text);
}

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

static void test_without_upgrade(void **state)
{
    (void)state;
    assert_int_equal(ask("GET / HTTP/1.0\r\nHost: a\r\nConnection: close\r\n" KEY "\r\n"), 426);
    assert_true(
        has_logged("refused with 426: a WebSocket's Upgrade did not arrive: a proxy in front"));
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: a\r\n" KEY "\r\n"), 426);
    assert_int_equal(
        ask("GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" KEY
            "\r\n"),
        505);
    assert_true(
        has_logged("refused with 505: a WebSocket needs HTTP/1.1, of a proxy in front as well"));
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n" KEY "\r\n"), 400);
    assert_true(has_logged(
        "refused with 400: Connection does not have the token Upgrade, which a proxy in front"));
}

static void test_http10(void **state)
{
    (void)state;
    ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_false(has_logged("HTTP/1.0"));
    ask("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_true(has_logged(
        "a stream is asked for by HTTP/1.0, where nobody can tell the end from a cut: a proxy in front"));
}

#define FORWARDED "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"

static void test_not_believed(void **state)
{
    (void)state;
    ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(logged, "");
    ask(FORWARDED);
    assert_true(
        has_logged("127.0.0.1 says in X-Forwarded-For for whom it asks, and is not believed"));
    assert_true(has_logged("(--trust-proxy 127.0.0.1)"));
    assert_false(has_logged("192.0.2.7")); /* it is not believed */
}

static void test_believed(void **state)
{
    begin_as(&(weft_server_config){.trust_proxy = (const char *const[]){"localhost", NULL}});
    ask(FORWARDED);
    assert_string_equal(logged, "");
    end(state);
}

static void test_host(void **state)
{
    begin_as(&(weft_server_config){.hosts = (const char *const[]){"a", NULL}});
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: b\r\n\r\n"), 421);
    assert_true(has_logged("\"b\"; to let it, add it to the server's hosts (--host NAME)\n"));
    const char *const passed_on[] = {"GET / HTTP/1.0\r\nHost: b\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: b\r\nVia: 1.1 c\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: b\r\nForwarded: for=d\r\n\r\n"};
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        logged[0] = 0;
        assert_int_equal(ask(passed_on[i]), 421);
        assert_true(has_logged(
            "(--host NAME), and have a proxy in front pass on the Host it was asked for\n"));
    }
    end(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_upgrade, begin, end),
        cmocka_unit_test_setup_teardown(test_http10, begin, end),
        cmocka_unit_test_setup_teardown(test_not_believed, begin, end),
        cmocka_unit_test(test_believed),
        cmocka_unit_test(test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
