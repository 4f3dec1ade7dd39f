/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_server.c - routes, refusals, limits, and how a server leaves
 */
#include <sys/stat.h>

#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller server;

static void begin_with(const weft_server_config *cfg)
{
    memset(&server, 0, sizeof server);
    world_begin(&world);
    world_serve(&world, cfg);
    world_listen(&world);
}

static int begin(void **state)
{
    (void)state;
    begin_with(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void again_with(const weft_server_config *cfg)
{
    world_end(&world);
    begin_with(cfg);
}

static void route(const char *path)
{
    assert_int_equal(weft_server_route(world.server, path, &telling, &server), 0);
}

static uint64_t refused(int status)
{
    return weft_server_count_refused(world.server, status);
}

static uint64_t connections(void)
{
    return weft_server_count(world.server, WEFT_COUNT_CONNECTIONS);
}

/* ---- routes ---------------------------------------------------------------------------------- */

static void say_user(weft_request *r, void *user)
{
    assert_int_equal(weft_respond(r, 200, NULL, user, strlen(user)), 0);
}

static void page(const char *path, const char *text)
{
    assert_int_equal(world_requests(world.server, path, say_user, (void *)(uintptr_t)text), 0);
}

static const char *get(const char *path)
{
    static char body[512];
    char request[256];
    struct raw *r = raw_connect(&world);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             path);
    int status = raw_ask(&world, r, request);
    snprintf(body, sizeof body, "%d %s", status, raw_body(r));
    raw_free(r);
    return body;
}

static void test_longest_route_wins(void **state)
{
    (void)state;
    page("/*", "all");
    page("/a/*", "below a");
    page("/a/b", "a b");
    page("/a/b/*", "below a b");
    assert_string_equal(get("/"), "200 all");
    assert_string_equal(get("/x/y"), "200 all");
    assert_string_equal(get("/a"), "200 all");
    assert_string_equal(get("/a/"), "200 below a");
    assert_string_equal(get("/a/x"), "200 below a");
    assert_string_equal(get("/a/b"), "200 a b");
    assert_string_equal(get("/a/b?query"), "200 a b");
    assert_string_equal(get("/a/b/c/d"), "200 below a b");
    assert_string_equal(get("/a/bc"), "200 below a");
    assert_string_equal(get("/%61/b"), "200 all"); /* as sent */
}

static void test_route_is_replaced(void **state)
{
    (void)state;
    page("/x", "old");
    assert_string_equal(get("/x"), "200 old");
    page("/x", "new");
    assert_string_equal(get("/x"), "200 new");
    page("/y/*", "old");
    page("/y/*", "new");
    assert_string_equal(get("/y/z"), "200 new");
}

static void test_bad_routes(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "x",   "x/*",       "*",      "/a b",  "/?x",
                                      "/a?b/*", "/#x", "/\xc3\xa4", "/a\n",   "/\x7f", "/a\t",
                                      "/%",     "/%4", "/%4g",      "/%g4x",  "/x%/*", "/\x01/*",
                                      "/a*b",   "/a*", "/*/b",      "/a/*/*", "/**",   "/a/*x"};
    for (size_t i = 0; i < countof(bad); i++) {
        assert_int_equal(weft_server_route(world.server, bad[i], &telling, NULL), -EINVAL);
        assert_int_equal(world_requests(world.server, bad[i], say_user, NULL), -EINVAL);
    }
    assert_int_equal(weft_server_files(world.server, "/a b/*", "/tmp"), -EINVAL);
    assert_int_equal(weft_server_files(world.server, "/x", "/tmp"), -EINVAL);
    assert_int_equal(weft_server_files(world.server, "/x/*", "/does/not/exist"), -ENOENT);
}

static void test_odd_paths(void **state)
{
    (void)state;
    static const char *const odd[] = {"/%20", "/a%2Fb", "/%c3%A4", "/a%2Ab",
                                      "/~'\"<>[]{}|^`;:@&=+$,!()"};
    for (size_t i = 0; i < countof(odd); i++) {
        page(odd[i], "odd");
        assert_string_equal(get(odd[i]), "200 odd");
    }
}

static void test_page_and_websocket_on_one_path(void **state)
{
    (void)state;
    page("/both", "page");
    route("/both");
    assert_string_equal(get("/both"), "200 page");
    struct raw *r = raw_open(&world, "/both");
    expect_story(&server.story, "open;");
    raw_free(r);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static int ask(struct raw **out, const char *request)
{
    struct raw *r = raw_connect(&world);
    int status = raw_ask(&world, r, request);
    assert_true(raw_ended(r));
    if (out) *out = r;
    else raw_free(r);
    return status;
}

static void test_not_found(void **state)
{
    (void)state;
    page("/page", "page");
    assert_string_equal(get("/nothing"), "404 there is nothing at this path\n");
    assert_int_equal(ask(NULL, UPGRADE("/nothing", "")), 404);
    assert_int_equal(ask(NULL, UPGRADE("/page", "")), 404);
    assert_int_equal(refused(404), 3);
}

static void test_upgrade_required(void **state)
{
    (void)state;
    struct raw *r;
    route("/ws");
    assert_int_equal(ask(&r, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"), 426);
    assert_true(raw_heard(r, "Upgrade: websocket\r\n"));
    assert_true(raw_heard(r, "Sec-WebSocket-Version: 13\r\n"));
    assert_true(raw_heard(r, "Connection: close, Upgrade\r\n"));
    assert_int_equal(refused(426), 1);
    raw_free(r);
    assert_int_equal(ask(&r, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n"
                             "Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
                     426);
    assert_true(raw_heard(r, "Sec-WebSocket-Version: 13\r\n"));
    raw_free(r);
}

static void test_method_not_allowed(void **state)
{
    (void)state;
    struct raw *r;
    route("/ws");
    assert_int_equal(ask(&r, "POST /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n"
                             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
                     405);
    assert_true(raw_heard(r, "Allow: GET\r\n"));
    raw_free(r);
}

static void test_malformed(void **state)
{
    (void)state;
    assert_int_equal(ask(NULL, "GET /\r\n\r\n"), 400);
    assert_int_equal(ask(NULL, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"), 400);
    assert_int_equal(ask(NULL, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"),
                     400);
}

static void test_origins(void **state)
{
    (void)state;
    const char *const origins[] = {"https://good.example", NULL};
    again_with(&(weft_server_config){.origins = origins});
    route("/ws");
    struct raw *r;
    assert_int_equal(ask(&r, UPGRADE("/ws", "Origin: https://evil.example\r\n")), 403);
    assert_true(strstr(raw_body(r), "https://evil.example") != NULL);
    assert_int_equal(refused(403), 1);
    raw_free(r);
    r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, UPGRADE("/ws", "Origin: https://good.example\r\n")), 101);
    raw_free(r);
    weft_server *bad;
    const char *const not_origins[] = {"good.example", NULL};
    assert_int_equal(
        weft_server_new(&bad, world.loop, &(weft_server_config){.origins = not_origins}), -EINVAL);
}

/* While every listener is on loopback, pages from any port of this machine may connect. */
static void test_origins_on_loopback(void **state)
{
    (void)state;
    route("/ws");
    assert_int_equal(ask(NULL, UPGRADE("/ws", "Origin: https://evil.example\r\n")), 403);
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, UPGRADE("/ws", "Origin: http://127.0.0.1:5\r\n")), 101);
    raw_free(r);
    assert_int_equal(weft_server_listen(world.server, "0.0.0.0:0", NULL), 0);
    assert_int_equal(ask(NULL, UPGRADE("/ws", "Origin: http://127.0.0.1:5\r\n")), 403);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void test_handshake_timeout(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.handshake_timeout = 1000}});
    struct raw *r = raw_connect(&world);
    settle(&world);
    pass(&world, 500);
    raw_say(r, "GET / HTTP/1.1\r\n");
    pass(&world, 499);
    assert_false(raw_ended(r));
    pass(&world, 1);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 408);
    assert_int_equal(refused(408), 1);
    raw_free(r);
}

/* As browsers connect in advance: a 408 would be taken for the answer to what they ask for next. */
static void test_who_says_nothing_hears_nothing(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.handshake_timeout = 1000}});
    struct raw *r = raw_connect(&world);
    settle(&world);
    pass(&world, 999);
    assert_false(raw_ended(r));
    pass(&world, 1);
    turn_until(&world, raw_ended(r));
    assert_true(r->eof);
    assert_int_equal(r->len, 0);
    assert_int_equal(refused(408), 0);
    raw_hang_up(r);
    turn_until(&world, !connections());
    raw_free(r);
}

static void test_keepalive(void **state)
{
    (void)state;
    again_with(&(weft_server_config){
        .limits = &(weft_limits){.http_keepalive = 2000, .handshake_timeout = 500}});
    page("/", "hi");
    struct raw *r = raw_connect(&world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
        pass(&world, 1999);
        assert_false(raw_ended(r));
    }
    pass(&world, 1);
    turn_until(&world, raw_ended(r));
    assert_int_equal(connections(), 0);
    raw_free(r);
}

static void test_timeout_of_a_second_request(void **state)
{
    (void)state;
    again_with(&(weft_server_config){
        .limits = &(weft_limits){.http_keepalive = 2000, .handshake_timeout = 500}});
    page("/", "hi");
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    pass(&world, 1999);
    raw_forget(r);
    raw_say(r, "GET");
    settle(&world);
    pass(&world, 499);
    assert_false(raw_ended(r));
    pass(&world, 1);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 408);
    raw_free(r);
}

static void test_number_of_requests(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.http_requests = 2}});
    page("/", "hi");
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_false(raw_heard(r, "Connection: close"));
    assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_true(raw_heard(r, "Connection: close\r\n"));
    turn_until(&world, raw_ended(r));
    raw_free(r);
}

/* ---- too many -------------------------------------------------------------------------------- */

static void test_max_connections(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.max_connections = 2}});
    route("/");
    struct raw *a = raw_open(&world, "/"), *b = raw_open(&world, "/"), *c;
    assert_int_equal(ask(&c, UPGRADE("/", "")), 503);
    assert_true(raw_heard(c, "Retry-After:"));
    assert_true(strstr(raw_body(c), "as many connections as it may\n") != NULL);
    assert_int_equal(refused(503), 1);
    assert_int_equal(connections(), 2);
    raw_free(c);
    raw_free(b);
    turn_until(&world, connections() == 1);
    b = raw_open(&world, "/");
    raw_free(a);
    raw_free(b);
}

/* Those who are told to go are few at a time; the rest is closed without a word. */
static void test_crowd_at_the_door(void **state)
{
    (void)state;
    again_with(
        &(weft_server_config){.limits = &(weft_limits){.max_connections = 1, .accept_batch = 8}});
    route("/");
    struct raw *in = raw_open(&world, "/"), *crowd[40];
    for (size_t i = 0; i < countof(crowd); i++) crowd[i] = raw_connect(&world);
    settle(&world);
    size_t told_why = 0;
    for (size_t i = 0; i < countof(crowd); i++) {
        turn_until(&world, raw_ended(crowd[i]));
        told_why += raw_status(crowd[i]) == 503;
    }
    assert_in_range(told_why, 1, 39);
    assert_int_equal(refused(503), 40);
    for (size_t i = 0; i < countof(crowd); i++) raw_free(crowd[i]);
    settle(&world);
    struct raw *late;
    assert_int_equal(ask(&late, UPGRADE("/", "")), 503);
    raw_free(late);
    raw_free(in);
}

static int from_afar(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int accepted = accept4(fd, addr, len, flags);
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
    if (accepted >= 0) memcpy(addr, &far, sizeof far);
    return accepted;
}

static void test_max_connections_per_ip(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.max_connections_per_ip = 2}});
    world.sys.accept4 = from_afar;
    route("/");
    struct raw *a = raw_open(&world, "/"), *b = raw_open(&world, "/"), *c;
    assert_int_equal(ask(&c, UPGRADE("/", "")), 429);
    assert_int_equal(refused(429), 1);
    raw_free(c);
    raw_free(a);
    turn_until(&world, connections() == 1);
    a = raw_open(&world, "/");
    raw_free(a);
    raw_free(b);
}

/* ---- descriptors run out --------------------------------------------------------------------- */

static int refusals;

static int out_of_descriptors(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    if (!refusals) return accept4(fd, addr, len, flags);
    refusals--;
    errno = EMFILE;
    return -1;
}

static void test_emfile(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.accept_backoff = 100}});
    page("/", "hi");
    world.sys.accept4 = out_of_descriptors;
    refusals = 1;
    struct raw *shed = raw_connect(&world);
    turn_until(&world, raw_ended(shed)); /* with the descriptor kept for that */
    assert_int_equal(refusals, 0);
    raw_free(shed);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    pass(&world, 99);
    assert_int_equal(raw_status(r), 0); /* the listener rests */
    pass(&world, 1);
    turn_until(&world, raw_status(r));
    assert_int_equal(raw_status(r), 200);
    raw_free(r);
}

static void test_out_of_memory_at_the_door(void **state)
{
    (void)state;
    page("/", "hi");
    world_fail_at(&world, 0);
    struct raw *r = raw_connect(&world);
    turn_until(&world, raw_ended(r));
    raw_free(r);
    world_fail_at(&world, -1);
    assert_string_equal(get("/"), "200 hi");
    settle(&world);
    assert_int_equal(connections(), 0);
}

/* ---- leaving --------------------------------------------------------------------------------- */

static int done;

static void on_done(weft_server *s, void *user)
{
    assert_ptr_equal(s, world.server);
    assert_ptr_equal(user, &done);
    done++;
}

static void leave(void)
{
    done = 0;
    assert_int_equal(weft_server_shutdown(world.server, 1001, on_done, &done), 0);
    assert_int_equal(weft_server_shutdown(world.server, 1001, on_done, &done), WEFT_ERR_STATE);
}

/* Time passes in small steps until it is so, at most this long. */
#define pass_until(condition, ms) \
    for (int passed = 0; passed < (ms) && !(condition); passed += 10) pass(&world, 10)

static void test_shutdown_of_an_idle_server(void **state)
{
    (void)state;
    leave();
    pass_until(done, 1000);
    assert_int_equal(done, 1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = loopback(port_of(world.address));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
}

static void test_shutdown_says_1001(void **state)
{
    (void)state;
    route("/");
    struct raw *r = raw_open(&world, "/");
    leave();
    pass_until(raw_heard(r, "\x88"), 1000);
    assert_string_equal(raw_frames(r), "close 1001;");
    assert_int_equal(done, 0);
    raw_close_frame(r, 1001, "");
    turn_until(&world, raw_ended(r));
    raw_hang_up(r);
    pass_until(done, 1000);
    assert_int_equal(done, 1);
    expect_story(&server.story, "open;close 1001 clean;");
    raw_free(r);
}

static weft_request *held;

static void hold_request(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

static void test_shutdown_lets_replies_finish(void **state)
{
    (void)state;
    world_requests(world.server, "/", hold_request, NULL);
    struct raw *r = raw_connect(&world), *idle = raw_connect(&world);
    raw_say(r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    leave();
    pass_until(raw_ended(idle), 1000);
    assert_true(raw_ended(idle));
    assert_int_equal(done, 0);
    assert_int_equal(weft_respond(held, 200, NULL, "late", 4), 0);
    turn_until(&world, raw_status(r));
    assert_int_equal(raw_status(r), 200);
    raw_hang_up(r);
    pass_until(done, 3000);
    assert_int_equal(done, 1);
    raw_free(r);
    raw_free(idle);
}

static void test_shutdown_deadline(void **state)
{
    (void)state;
    again_with(&(weft_server_config){
        .limits = &(weft_limits){.shutdown_drain = 1000, .close_timeout = 9000}});
    route("/");
    struct raw *r = raw_open(&world, "/");
    leave();
    pass_until(done, 950);
    assert_int_equal(done, 0);
    pass_until(done, 200);
    assert_int_equal(done, 1);
    assert_int_equal(server.closes, 1);
    raw_free(r);
}

/* ---- whose handler ends them ----------------------------------------------------------------- */

static void is_to_leave(weft_conn *c, uint64_t return_ms)
{
    struct teller *t = weft_conn_user(c);
    assert_in_range(return_ms, 1000, 1000 + 9000 / 3);
    tell(&t->story, "leave;");
}

static struct raw *open_one_that_is_asked(void)
{
    weft_handler h = telling;
    h.on_leave = is_to_leave;
    again_with(&(weft_server_config){
        .limits = &(weft_limits){.shutdown_drain = 9000, .send_queue_max = 64 << 20}});
    assert_int_equal(weft_server_route(world.server, "/", &h, &server), 0);
    struct raw *r = raw_open(&world, "/");
    leave();
    pass_until(told(&server.story, "leave;"), 1000);
    pass(&world, 1000); /* it is told once, and nothing is sent */
    expect_story(&server.story, "open;leave;");
    return r;
}

static void test_shutdown_asks(void **state)
{
    (void)state;
    struct raw *r = open_one_that_is_asked();
    raw_text(r, "go on");
    turn_until(&world, told(&server.story, "go on"));
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "done", 4), 0);
    assert_int_equal(weft_close(server.conn, 4000, "come back"), 0);
    settle(&world);
    assert_string_equal(raw_frames(r), "text done;close 4000 come back;");
    raw_close_frame(r, 4000, "");
    raw_hang_up(r);
    pass_until(done, 1000);
    assert_int_equal(done, 1);
    expect_story(&server.story, "text go on;close 4000 clean;");
    raw_free(r);
}

/* In front of the Close nothing waits that has not begun to go out. */
static void test_shutdown_asks_in_vain(void **state)
{
    (void)state;
    static char filler[50000];
    struct raw *r = open_one_that_is_asked();
    memset(filler, 'x', sizeof filler);
    for (int i = 0; i < 200; i++)
        assert_int_equal(weft_send(server.conn, WEFT_BINARY, filler, sizeof filler), 0);
    pass(&world, 7500);
    assert_true(weft_conn_is_open(server.conn));
    pass_until(!weft_conn_is_open(server.conn), 480);
    assert_false(weft_conn_is_open(server.conn));
    for (int i = 0; i < 50; i++) turn(&world, 0), raw_read(r);
    assert_true(raw_heard(r, "\x88\x02\x03\xe9"));
    pass_until(done, 200);
    assert_int_equal(done, 1);
    expect_story(&server.story, "close 1006 sent 1001 WEFT_ERR_TIMEOUT;");
    raw_free(r);
}

static void free_it(weft_server *s, void *user)
{
    (void)user;
    weft_server_free(s);
    world.server = NULL;
}

static void test_freed_in_on_done(void **state)
{
    (void)state;
    route("/");
    struct raw *r = raw_open(&world, "/");
    assert_int_equal(weft_server_shutdown(world.server, 1001, free_it, NULL), 0);
    pass_until(raw_heard(r, "\x88"), 1000);
    raw_hang_up(r);
    pass_until(!world.server, 1000);
    assert_null(world.server);
    raw_free(r);
}

static void test_freed_while_leaving(void **state)
{
    (void)state;
    route("/");
    struct raw *r = raw_open(&world, "/");
    leave();
    pass(&world, 60);
    weft_server_free(world.server);
    world.server = NULL;
    settle(&world);
    assert_int_equal(server.closes, 1);
    raw_free(r);
}

/* ---- the end, with everything in flight ------------------------------------------------------ */

static weft_reply *streams[2];
static int aborted;

static void abort_other(weft_reply *r, int error, const char *cause)
{
    (void)error;
    (void)cause;
    size_t i = r == streams[1];
    streams[i] = NULL;
    if (!streams[1 - i] || !weft_reply_is_open(streams[1 - i])) return;
    aborted++;
    weft_reply_abort(streams[1 - i]);
}

static void stream(weft_request *r, void *user)
{
    (void)user;
    static const weft_reply_handler handler = {.on_close = abort_other};
    weft_reply **next = streams[0] ? &streams[1] : &streams[0];
    assert_int_equal(weft_reply_begin(next, r, 200, NULL, WEFT_LENGTH_UNKNOWN, &handler, NULL), 0);
}

/* Who is told that his client left may drop another's reply. */
static void test_on_close_aborts_another(void **state)
{
    (void)state;
    world_requests(world.server, "/", stream, NULL);
    streams[0] = streams[1] = NULL;
    aborted = 0;
    struct raw *a = raw_connect(&world), *b = raw_connect(&world);
    raw_say(a, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    raw_say(b, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    assert_non_null(streams[1]);
    raw_free(a);
    turn_until(&world, raw_ended(b));
    assert_int_equal(aborted, 1);
    raw_free(b);
}

static weft_upgrade *held_upgrade;

static int hold_upgrade(weft_upgrade *u)
{
    held_upgrade = u;
    return WEFT_HOLD;
}

static void test_freed_with_everything_in_flight(void **state)
{
    (void)state;
    static const weft_handler holding = {.on_upgrade = hold_upgrade};
    static char big[1000000];
    route("/");
    weft_server_route(world.server, "/hold", &holding, NULL);
    world_requests(world.server, "/held", hold_request, NULL);
    struct raw *ws = raw_open(&world, "/"), *head = raw_connect(&world), *up = raw_connect(&world),
               *reply = raw_connect(&world), *bad = raw_connect(&world), *fresh;
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    raw_frame(ws, 0x01, "half", 4);
    raw_say(head, "GET / HT");
    raw_say(up, UPGRADE("/hold", ""));
    raw_say(reply, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_say(bad, "bad\r\n\r\n");
    settle(&world);
    fresh = raw_connect(&world);
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(weft_upgrade_accept(held_upgrade), WEFT_ERR_CLOSED);
    assert_int_equal(weft_respond(held, 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    settle(&world);
    assert_int_equal(server.closes, 1);
    struct raw *all[] = {ws, head, up, reply, bad, fresh};
    for (size_t i = 0; i < countof(all); i++) raw_free(all[i]);
}

static void test_two_servers_on_one_loop(void **state)
{
    (void)state;
    weft_server *first = world.server;
    char first_address[128];
    strcpy(first_address, world.address);
    page("/", "first");
    world_serve(&world, NULL);
    world_listen(&world);
    page("/", "second");
    assert_string_equal(get("/"), "200 second");
    weft_server_free(world.server);
    world.server = first;
    strcpy(world.address, first_address);
    assert_string_equal(get("/"), "200 first");
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void test_addresses(void **state)
{
    (void)state;
    char text[64], tiny[4];
    assert_int_equal(weft_server_address(world.server, 1, text, sizeof text), -ENOENT);
    assert_int_equal(weft_server_listen(world.server, "nonsense", NULL), WEFT_ERR_ADDRESS);
    assert_int_equal(weft_server_listen(world.server, world.address, NULL), -EADDRINUSE);
    assert_int_equal(weft_server_listen(world.server, "localhost:0", NULL), 0);
    assert_true(weft_server_address(world.server, 1, text, sizeof text) > 0);
    assert_memory_equal(text, "127.0.0.1:", 10);
    assert_int_equal(weft_server_address(world.server, 0, tiny, sizeof tiny), 3);
    assert_string_equal(tiny, "127");
}

static void test_unix_socket(void **state)
{
    (void)state;
    char dir[] = "/tmp/weft-test-XXXXXX", address[64], url[128];
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof address, "unix:%s/s", dir);
    snprintf(url, sizeof url, "ws+unix:%s/s:/", dir);
    assert_int_equal(weft_server_listen(world.server, address, NULL), 0);
    route("/");
    struct teller client = {0};
    assert_int_equal(weft_connect(&client.conn, world.loop, url, NULL, &telling, &client), 0);
    pass(&world, 1); /* a turn of the loop's later */
    turn_until(&world, told(&client.story, "open;"));
    assert_int_equal(weft_send(client.conn, WEFT_TEXT, "hi", 2), 0);
    turn_until(&world, told(&server.story, "text hi;"));
    weft_close(client.conn, 1000, NULL);
    turn_until(&world, client.closes);
    world_end(&world);
    unlink(address + 5);
    rmdir(dir);
    begin_with(NULL);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_longest_route_wins),
        unit(test_route_is_replaced),
        unit(test_bad_routes),
        unit(test_odd_paths),
        unit(test_page_and_websocket_on_one_path),
        unit(test_not_found),
        unit(test_upgrade_required),
        unit(test_method_not_allowed),
        unit(test_malformed),
        unit(test_origins),
        unit(test_origins_on_loopback),
        unit(test_handshake_timeout),
        unit(test_who_says_nothing_hears_nothing),
        unit(test_keepalive),
        unit(test_timeout_of_a_second_request),
        unit(test_number_of_requests),
        unit(test_max_connections),
        unit(test_crowd_at_the_door),
        unit(test_max_connections_per_ip),
        unit(test_emfile),
        unit(test_out_of_memory_at_the_door),
        unit(test_shutdown_of_an_idle_server),
        unit(test_shutdown_says_1001),
        unit(test_shutdown_lets_replies_finish),
        unit(test_shutdown_deadline),
        unit(test_shutdown_asks),
        unit(test_shutdown_asks_in_vain),
        unit(test_freed_in_on_done),
        unit(test_freed_while_leaving),
        unit(test_on_close_aborts_another),
        unit(test_freed_with_everything_in_flight),
        unit(test_two_servers_on_one_loop),
        unit(test_addresses),
        unit(test_unix_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
