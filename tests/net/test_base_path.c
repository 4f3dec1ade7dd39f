/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_base_path.c - a server under a path: what is taken off, what is sent there, and what is outside
 */
#include "raw.h"

#include "base/bytes.h"
#include "net/base_path.h"

/* ---- which are some -------------------------------------------------------------------------- */

static void assert_base(const char *text, const char *is)
{
    char *base;
    assert_int_equal(base_path_new(&base, NULL, text), 0);
    if (is) assert_string_equal(base, is);
    else assert_null(base);
    mem_free(NULL, base);
}

static void test_bases(void **state)
{
    (void)state;
    assert_base(NULL, NULL);
    assert_base("", NULL);
    assert_base("/", NULL);
    assert_base("/ws", "/ws");
    assert_base("/ws/", "/ws");
    assert_base("/a/b-c.d_e~1", "/a/b-c.d_e~1");
    assert_base("/.hidden/..x", "/.hidden/..x");
}

static void test_no_bases(void **state)
{
    (void)state;
    static const char *const bad[] = {"ws",      "//",        "/ws//",    "//ws", "/a//b", "/.",
                                      "/a/../b", "/a b",      "/a%20",    "/a&b", "/a\"b", "/a?b",
                                      "/*",      "/\xc3\xa4", "/ws/*",    "a/b",  "/a<b",  "/..",
                                      "/a#b",    "/a\n",      "http://a/"};
    char *base;
    for (size_t i = 0; i < countof(bad); i++)
        if (base_path_new(&base, NULL, bad[i]) != -EINVAL) fail_msg("\"%s\" is a base", bad[i]);
}

/* ---- taken off ------------------------------------------------------------------------------- */

static void assert_taken(const char *path, const char *base, enum base_path_is is, const char *rest)
{
    struct head h = {.path = bytes_of(path)};
    assert_int_equal(base_path_take(&h, base), is);
    assert_true(bytes_is(h.path, rest));
    assert_true(bytes_is(h.base, is == BASE_PATH_OUTSIDE || !base ? "" : base));
}

static void test_taken(void **state)
{
    (void)state;
    assert_taken("/chat", NULL, BASE_PATH_WITHIN, "/chat");
    assert_taken("/ws/chat", "/ws", BASE_PATH_WITHIN, "/chat");
    assert_taken("/ws/", "/ws", BASE_PATH_WITHIN, "/");
    assert_taken("/ws//x", "/ws", BASE_PATH_WITHIN, "//x");
    assert_taken("/ws/ws/x", "/ws", BASE_PATH_WITHIN, "/ws/x");
    assert_taken("/ws", "/ws", BASE_PATH_BARE, "/");
    assert_taken("/w", "/ws", BASE_PATH_OUTSIDE, "");
    assert_taken("/wsx", "/ws", BASE_PATH_OUTSIDE, "");
    assert_taken("/", "/ws", BASE_PATH_OUTSIDE, "");
    assert_taken("/chat", "/ws", BASE_PATH_OUTSIDE, "");
    assert_taken("/%77s/chat", "/ws", BASE_PATH_OUTSIDE, "");
    assert_taken("*", "/ws", BASE_PATH_OUTSIDE, "");
}

/* ---- a server -------------------------------------------------------------------------------- */

static struct world world;

/* The base path, and the path. */
static void say_paths(weft_request *r, void *user)
{
    (void)user;
    char text[200];
    weft_bytes base = weft_request_base_path(r), path = weft_request_path(r);
    weft_bytes target = weft_request_target(r);
    int n = snprintf(text, sizeof text, "%.*s|%.*s|%.*s", (int)base.len, (const char *)base.data,
                     (int)path.len, (const char *)path.data, (int)target.len,
                     (const char *)target.data);
    (void)weft_respond(r, 200, NULL, text, (size_t)n);
}

static int begin(void **state)
{
    (void)state;
    char *base = strdup("/ws/");
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.base_path = base});
    memset(base, '?', 4); /* nothing is kept */
    free(base);
    assert_int_equal(world_requests(world.server, "/*", say_paths, NULL), 0);
    assert_int_equal(weft_server_files(world.server, "/net/*", "tests/net"), 0);
    assert_int_equal(weft_server_files(world.server, "/all/*", "tests"), 0);
    assert_int_equal(weft_server_route(world.server, "/chat", NULL, NULL), 0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void assert_answer(const char *line, const char *fields, int status, const char *words)
{
    char request[600];
    struct raw *r = raw_connect(&world);
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", line, fields);
    assert_int_equal(raw_ask(&world, r, request), status);
    turn_until(&world, raw_heard(r, words));
    raw_free(r);
}

#define ASKS_FOR_WEBSOCKET                                                                         \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
    "Sec-WebSocket-Version: 13\r\n"

static void test_requests(void **state)
{
    (void)state;
    assert_answer("GET /ws/chat?a", "", 200, "/ws|/chat|/ws/chat?a");
    assert_answer("GET /ws/", "", 200, "/ws|/|/ws/");
    assert_answer("GET http://localhost/ws/a%20b", "", 200, "/ws|/a%20b|http://localhost/ws/a%20b");
}

static void test_upgrades(void **state)
{
    (void)state;
    assert_answer("GET /ws/chat", ASKS_FOR_WEBSOCKET, 101, "Sec-WebSocket-Accept");
    assert_answer("GET /ws/other", ASKS_FOR_WEBSOCKET, 404, "there is no WebSocket at this path");
    assert_answer("GET /chat", ASKS_FOR_WEBSOCKET, 404, "under /ws/");
}

/* Neither a route's, nor said by one. */
static void test_outside(void **state)
{
    (void)state;
    assert_answer("GET /chat", "", 404, "all that this server has is under /ws/ (--base-path)");
    assert_answer("GET /", "", 404, "under /ws/");
    assert_answer("POST /wsx", "Content-Length: 9\r\n", 404, "under /ws/");
    assert_answer("OPTIONS *", "", 404, "under /ws/");
    assert_int_equal(weft_server_count_refused(world.server, 404), 4);
}

static void test_bare(void **state)
{
    (void)state;
    assert_answer("GET /ws", "", 308, "Location: /ws/\r\n");
    assert_answer("GET /ws?a=b", "", 308, "Location: /ws/?a=b\r\n");
    assert_answer("POST /ws", "Content-Length: 0\r\n", 308, "Location: /ws/\r\n");
    assert_answer("GET /ws", ASKS_FOR_WEBSOCKET, 404, "there is no WebSocket at this path");
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_REQUESTS), 3);
}

/* A directory among files is named with a slash at its end, and all of its path. */
static void test_directories(void **state)
{
    (void)state;
    assert_answer("GET /ws/all/net?x", "", 301, "Location: /ws/all/net/?x\r\n");
    assert_answer("GET /ws/net/test_base_path.c", "", 200, "SPDX");
}

static void test_misuse(void **state)
{
    (void)state;
    weft_server *s;
    const weft_server_config c = {.base_path = "ws"};
    assert_int_equal(weft_server_new(&s, world.loop, &c), -EINVAL);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_no_bases),
        cmocka_unit_test(test_taken),
        unit(test_requests),
        unit(test_upgrades),
        unit(test_outside),
        unit(test_bare),
        unit(test_directories),
        unit(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
