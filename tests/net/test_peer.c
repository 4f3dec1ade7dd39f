/* SPDX-License-Identifier: MIT
 *
 * Who is at the other end: over TCP and Unix sockets, behind proxies, and when the connection is gone, however it went.
 */
#include <pthread.h>

#include "io/sock.h"
#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller server;
static struct story story; /* what requests, replies and their peers came to */

static weft_request *held;
static weft_reply *reply;
static weft_peer *kept;

static void begin_with(const weft_server_config *cfg)
{
    static const weft_limits limits = {.ping_interval = WEFT_NEVER, .http_keepalive = WEFT_NEVER};
    weft_server_config own = cfg ? *cfg : (weft_server_config){0};
    server = (struct teller){0};
    story = (struct story){0};
    held = NULL;
    reply = NULL;
    if (!own.limits) own.limits = &limits;
    world_begin(&world);
    world_serve(&world, &own);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
}

static int begin(void **state)
{
    (void)state;
    begin_with(NULL);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_peer_unref(kept);
    kept = NULL;
    world_end(&world);
    return 0;
}

/* ---- what a socket's own address is ------------------------------------------------------------- */

/* As weft writes it. */
static const char *address_of(const struct raw *r)
{
    static char text[SOCK_TEXT];
    struct sock_addr own;
    assert_int_equal(sock_local(&sys_real, r->fd, &own), 0);
    (void)sock_format(&own, text, sizeof text);
    return text;
}

static struct raw *open_ws(struct raw *r)
{
    raw_say(r, UPGRADE("/", ""));
    turn_until(&world, server.conn);
    turn_until(&world, raw_status(r));
    return r;
}

static void test_ipv4(void **state)
{
    (void)state;
    struct raw *r = open_ws(raw_connect(&world));
    weft_peer *p = weft_conn_peer(server.conn);
    assert_string_equal(weft_peer_address(p), address_of(r));
    assert_string_equal(weft_peer_host(p), "127.0.0.1");
    assert_false(weft_peer_secure(p));
    assert_string_equal(weft_peer_server_name(p), "");
    assert_string_equal(weft_peer_protocol(p), "");
    assert_string_equal(weft_peer_cipher(p), "");
    assert_string_equal(weft_peer_subject(p), "");
    assert_null(weft_peer_alt_name(p, 0));
    assert_string_equal(weft_peer_fingerprint(p), "");
    assert_string_equal(weft_peer_pem(p), "");
    assert_ptr_equal(weft_conn_peer(server.conn), p); /* made once */
    raw_free(r);
}

static void test_nobody(void **state)
{
    (void)state;
    assert_string_equal(weft_peer_address(NULL), "");
    assert_string_equal(weft_peer_host(NULL), "");
    assert_false(weft_peer_secure(NULL));
    assert_string_equal(weft_peer_server_name(NULL), "");
    assert_string_equal(weft_peer_protocol(NULL), "");
    assert_string_equal(weft_peer_cipher(NULL), "");
    assert_string_equal(weft_peer_subject(NULL), "");
    assert_null(weft_peer_alt_name(NULL, 0));
    assert_string_equal(weft_peer_fingerprint(NULL), "");
    assert_string_equal(weft_peer_pem(NULL), "");
    assert_null(weft_peer_ref(NULL));
    weft_peer_unref(NULL);
}

/* The world listens there, too. false: this machine has no IPv6. */
static bool listen_v6(const char *address)
{
    int error = weft_server_listen(world.server, address, NULL);
    if (error) return false;
    assert_true(weft_server_address(world.server, 1, world.address, sizeof world.address) > 0);
    return true;
}

static struct raw *connect_v6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port_of(world.address)),
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return raw_on(fd);
}

static void peer_in_close(weft_conn *c)
{
    weft_peer *p = weft_conn_peer(c);
    tell(&story, "%s at %s;", weft_peer_host(p), weft_peer_address(p));
}

/* How a connection came to its end, and that its peer is known in on_close. */
static void expect_end(const char *host, const char *address, const char *how)
{
    char want[256];
    turn_until(&world, server.closes);
    snprintf(want, sizeof want, "%s at %s;", host, address);
    expect_story(&story, want);
    if (!told(&server.story, how)) fail_msg("%s, not %s", server.story.text, how);
}

static void test_ipv6(void **state)
{
    (void)state;
    if (!listen_v6("[::1]:0")) skip();
    server.then_close = peer_in_close;
    struct raw *r = open_ws(connect_v6());
    char own[SOCK_TEXT];
    snprintf(own, sizeof own, "%s", address_of(r));
    assert_memory_equal(own, "[::1]:", 6);
    raw_reset(r);
    expect_end("::1", own, "close 1006 by-peer ECONNRESET;");
    raw_free(r);
}

/* An IPv4 client of a socket for both. */
static void test_ipv4_in_ipv6(void **state)
{
    (void)state;
    if (!listen_v6("*:0")) skip();
    struct raw *r = open_ws(raw_connect(&world));
    assert_string_equal(weft_peer_address(weft_conn_peer(server.conn)), address_of(r));
    assert_string_equal(weft_peer_host(weft_conn_peer(server.conn)), "127.0.0.1");
    raw_free(r);
}

/* ---- when it is gone -------------------------------------------------------------------------- */

static void abort_it(struct raw *r)
{
    (void)r;
    weft_abort(server.conn);
}

static void close_it(struct raw *r)
{
    assert_int_equal(weft_close(server.conn, 1000, "bye"), 0);
    settle(&world);
    raw_close_frame(r, 1000, "bye");
}

static void free_server(struct raw *r)
{
    (void)r;
    weft_server_free(world.server);
    world.server = NULL;
}

/* asked: already before. */
static void end_by(void (*end_it)(struct raw *r), bool asked, const char *how)
{
    char own[SOCK_TEXT];
    begin_with(NULL);
    world_listen(&world);
    server.then_close = peer_in_close;
    struct raw *r = open_ws(raw_connect(&world));
    snprintf(own, sizeof own, "%s", address_of(r));
    if (asked) assert_string_equal(weft_peer_address(weft_conn_peer(server.conn)), own);
    end_it(r);
    expect_end("127.0.0.1", own, how);
    raw_free(r);
    world_end(&world);
}

static void test_in_on_close(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        end_by(raw_hang_up, asked, "close 1006 by-peer WEFT_ERR_LOST;");
        end_by(raw_reset, asked, "close 1006 by-peer ECONNRESET;");
        end_by(abort_it, asked, "close 1006 WEFT_ERR_CLOSED;");
        end_by(close_it, asked, "close 1000 bye clean;");
        end_by(free_server, asked, "close 1006 WEFT_ERR_CLOSED;");
    }
}

static void test_a_violation(void **state)
{
    (void)state;
    server.then_close = peer_in_close;
    struct raw *r = open_ws(raw_connect(&world));
    char own[SOCK_TEXT];
    snprintf(own, sizeof own, "%s", address_of(r));
    raw_write(r, "\xff\xff", 2);
    expect_end("127.0.0.1", own, "close 1006 sent 1002");
    raw_free(r);
}

/* ---- kept longer ------------------------------------------------------------------------------ */

static void *read_elsewhere(void *p)
{
    bool right = !strcmp(weft_peer_host(p), "127.0.0.1");
    weft_peer_unref(p);
    return right ? p : NULL;
}

/* Beyond the connection, and in another thread, which drops the last reference. */
static void test_kept(void **state)
{
    (void)state;
    struct raw *r = open_ws(raw_connect(&world));
    char own[SOCK_TEXT];
    pthread_t thread;
    void *right;
    snprintf(own, sizeof own, "%s", address_of(r));
    weft_peer *p = weft_peer_ref(weft_conn_peer(server.conn));
    raw_reset(r);
    turn_until(&world, server.closes);
    assert_string_equal(weft_peer_address(p), own);
    assert_int_equal(pthread_create(&thread, NULL, read_elsewhere, p), 0);
    assert_int_equal(pthread_join(thread, &right), 0);
    assert_non_null(right);
    raw_free(r);
}

/* ---- requests and replies ---------------------------------------------------------------------- */

static void hold(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

static struct raw *ask(struct raw *r, const char *request)
{
    held = NULL;
    raw_say(r, request);
    turn_until(&world, held);
    return r;
}

static void take_requests(void)
{
    assert_int_equal(world_requests(world.server, "/", hold, NULL), 0);
}

static void answer(void)
{
    assert_int_equal(weft_respond(held, 200, NULL, "", 0), 0);
}

#define GET(more) "GET / HTTP/1.1\r\nHost: x\r\n" more "\r\n"

/* All requests of a connection have the same one. */
static void test_requests(void **state)
{
    (void)state;
    take_requests();
    struct raw *r = ask(raw_connect(&world), GET(""));
    kept = weft_peer_ref(weft_request_peer(held));
    assert_string_equal(weft_peer_address(kept), address_of(r));
    answer();
    ask(r, GET(""));
    assert_ptr_equal(weft_request_peer(held), kept);
    answer();
    raw_free(r);
}

static void gone(weft_request *r, void *user)
{
    (void)user;
    tell(&story, "gone %s;", weft_peer_host(weft_request_peer(r)));
}

static void leave_unanswered(void (*end_it)(struct raw *r))
{
    struct raw *r = ask(raw_connect(&world), GET(""));
    char own[SOCK_TEXT];
    snprintf(own, sizeof own, "%s", address_of(r));
    world_watch(held, gone, NULL);
    end_it(r);
    turn_until(&world, story.len);
    expect_story(&story, "gone 127.0.0.1;");
    settle(&world); /* the wire is buried */
    assert_string_equal(weft_peer_address(weft_request_peer(held)), own);
    assert_int_equal(weft_respond(held, 200, NULL, "", 0), WEFT_ERR_CLOSED);
    raw_free(r);
}

static void test_a_request_whose_client_has_left(void **state)
{
    (void)state;
    take_requests();
    leave_unanswered(raw_hang_up);
    leave_unanswered(raw_reset);
}

static void replied(weft_reply *r, int error, const char *cause)
{
    (void)cause;
    tell(&story, "%s %s;", error ? weft_errname(error) : "whole",
         weft_peer_address(weft_reply_peer(r)));
    reply = NULL;
}

static const weft_reply_handler replying = {.on_close = replied};

static struct raw *stream(struct raw *r, const char *request)
{
    ask(r, request);
    assert_int_equal(
        weft_reply_begin(&reply, held, 200, NULL, WEFT_LENGTH_UNKNOWN, &replying, NULL), 0);
    return r;
}

static void end_reply(struct raw *r)
{
    (void)r;
    assert_int_equal(weft_reply_end(reply), 0);
}

static void abort_reply(struct raw *r)
{
    (void)r;
    weft_reply_abort(reply);
}

static void test_replies(void **state)
{
    (void)state;
    static const struct {
        void (*end_it)(struct raw *r);
        const char *how;
    } ends[] = {{end_reply, "whole"},
                {abort_reply, "WEFT_ERR_CLOSED"},
                {raw_hang_up, "WEFT_ERR_LOST"},
                {raw_reset, "ECONNRESET"}};
    take_requests();
    for (size_t i = 0; i < 2 * countof(ends); i++) {
        char want[SOCK_TEXT + 32];
        struct raw *r = stream(raw_connect(&world), GET(""));
        snprintf(want, sizeof want, "%s %s;", ends[i / 2].how, address_of(r));
        if (i % 2) assert_string_equal(weft_peer_host(weft_reply_peer(reply)), "127.0.0.1");
        ends[i / 2].end_it(r);
        turn_until(&world, !reply);
        expect_story(&story, want);
        raw_free(r);
    }
}

/* A last reply: its connection ends with it. */
static void test_the_last_reply(void **state)
{
    (void)state;
    char want[SOCK_TEXT + 32];
    take_requests();
    struct raw *r = stream(raw_connect(&world), GET("Connection: close\r\n"));
    snprintf(want, sizeof want, "whole %s;", address_of(r));
    end_reply(r);
    turn_until(&world, raw_ended(r));
    expect_story(&story, want);
    raw_free(r);
}

/* ---- behind a proxy --------------------------------------------------------------------------- */

static void again_behind_proxies(void)
{
    static const char *const proxies[] = {"127.0.0.1", "10.0.0.0/8", "unix", NULL};
    world_end(&world);
    begin_with(&(weft_server_config){.trust_proxy = proxies});
    world_listen(&world);
    take_requests();
}

#define FROM(client) "X-Forwarded-For: " client "\r\n"
#define BY_TLS       "X-Forwarded-Proto: https\r\n"

static void expect_peer(weft_peer *p, const char *address, const char *host, bool secure)
{
    assert_string_equal(weft_peer_address(p), address);
    assert_string_equal(weft_peer_host(p), host);
    assert_int_equal(weft_peer_secure(p), secure);
}

/* Each request is somebody else's. */
static void test_what_a_proxy_says_of_requests(void **state)
{
    (void)state;
    again_behind_proxies();
    struct raw *r = ask(raw_connect(&world), GET(FROM("192.0.2.7") BY_TLS));
    expect_peer(weft_request_peer(held), "192.0.2.7", "192.0.2.7", true);
    answer();
    ask(r, GET(FROM("192.0.2.8:4711")));
    expect_peer(weft_request_peer(held), "192.0.2.8:4711", "192.0.2.8", false);
    answer();
    ask(r, GET(FROM("2001:db8::7")));
    expect_peer(weft_request_peer(held), "2001:db8::7", "2001:db8::7", false);
    answer();
    ask(r, GET(BY_TLS));
    expect_peer(weft_request_peer(held), address_of(r), "127.0.0.1", true);
    answer();
    ask(r, GET(""));
    expect_peer(weft_request_peer(held), address_of(r), "127.0.0.1", false);
    answer();
    raw_free(r);
}

static void test_what_a_proxy_says_of_who_has_left(void **state)
{
    (void)state;
    again_behind_proxies();
    struct raw *r = ask(raw_connect(&world), GET(FROM("192.0.2.7") BY_TLS));
    raw_reset(r);
    settle(&world);
    expect_peer(weft_request_peer(held), "192.0.2.7", "192.0.2.7", true);
    assert_int_equal(weft_respond(held, 200, NULL, "", 0), WEFT_ERR_CLOSED);
    raw_free(r);
}

static void secure_in_close(weft_conn *c)
{
    expect_peer(weft_conn_peer(c), "192.0.2.7", "192.0.2.7", true);
    tell(&story, "closed;");
}

static void test_what_a_proxy_says_of_websockets(void **state)
{
    (void)state;
    again_behind_proxies();
    server.then_close = secure_in_close;
    struct raw *r = raw_connect(&world);
    raw_say(r, UPGRADE("/", FROM("192.0.2.7") BY_TLS));
    turn_until(&world, server.conn);
    raw_reset(r);
    turn_until(&world, server.closes);
    expect_story(&story, "closed;");
    raw_free(r);
}

static void test_what_a_proxy_says_of_replies(void **state)
{
    (void)state;
    again_behind_proxies();
    struct raw *r = stream(raw_connect(&world), GET(FROM("192.0.2.7") BY_TLS));
    expect_peer(weft_reply_peer(reply), "192.0.2.7", "192.0.2.7", true);
    raw_reset(r);
    turn_until(&world, !reply);
    expect_story(&story, "ECONNRESET 192.0.2.7;");
    raw_free(r);
}

static void header_in_close(weft_conn *c)
{
    expect_peer(weft_conn_peer(c), "[2001:db8::7]:4711", "2001:db8::7", false);
    tell(&story, "closed;");
}

/* A PROXY header is of the whole connection, and who stands there says nothing of others. */
static void test_a_proxy_header(void **state)
{
    (void)state;
    again_behind_proxies();
    server.then_close = header_in_close;
    struct raw *r = raw_connect(&world);
    raw_say(r, "PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n");
    raw_say(r, UPGRADE("/", FROM("192.0.2.9") BY_TLS));
    turn_until(&world, server.conn);
    raw_reset(r);
    turn_until(&world, server.closes);
    expect_story(&story, "closed;");
    raw_free(r);
}

/* Both: the one who came by the header is a proxy of ours, too. */
static void test_a_proxy_behind_a_proxy(void **state)
{
    (void)state;
    again_behind_proxies();
    struct raw *r = raw_connect(&world);
    raw_say(r, "PROXY TCP4 10.1.2.3 10.0.0.1 4711 80\r\n");
    ask(r, GET(FROM("192.0.2.7")));
    expect_peer(weft_request_peer(held), "192.0.2.7", "192.0.2.7", false);
    answer();
    ask(r, GET(""));
    expect_peer(weft_request_peer(held), "10.1.2.3:4711", "10.1.2.3", false);
    answer();
    raw_free(r);
}

/* ---- Unix sockets ----------------------------------------------------------------------------- */

static char folder[] = "/tmp/weft-test-peer-XXXXXX";
static char path[64];

static struct raw *connect_unix(const char *own)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX}, from = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    snprintf(from.sun_path, sizeof from.sun_path, "%s", own);
    if (*own) assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return raw_on(fd);
}

static void listen_unix(void)
{
    char address[80];
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(address, sizeof address, "unix:%s", path);
    assert_int_equal(weft_server_listen(world.server, address, NULL), 0);
}

static void test_unix(void **state)
{
    (void)state;
    listen_unix();
    server.then_close = peer_in_close;
    struct raw *r = open_ws(connect_unix(""));
    expect_peer(weft_conn_peer(server.conn), "unix:", "unix:", false);
    raw_hang_up(r);
    expect_end("unix:", "unix:", "close 1006 by-peer WEFT_ERR_LOST;");
    raw_free(r);
}

/* A client may give its own socket a name, whatever that is. */
static void test_unix_with_a_name(void **state)
{
    (void)state;
    char own[64], want[128];
    listen_unix();
    snprintf(own, sizeof own, "%s/\033[2J\n", folder);
    snprintf(want, sizeof want, "unix:%s/\\1b[2J\\0a", folder);
    struct raw *r = open_ws(connect_unix(own));
    expect_peer(weft_conn_peer(server.conn), want, want, false);
    raw_free(r);
    assert_int_equal(unlink(own), 0);
}

static void test_a_proxy_on_a_unix_socket(void **state)
{
    (void)state;
    again_behind_proxies();
    listen_unix();
    struct raw *r = ask(connect_unix(""), GET(FROM("192.0.2.7") BY_TLS));
    expect_peer(weft_request_peer(held), "192.0.2.7", "192.0.2.7", true);
    answer();
    raw_free(r);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* ---- clients ---------------------------------------------------------------------------------- */

static struct teller client;

static void dial(const char *url)
{
    client = (struct teller){0};
    assert_int_equal(weft_connect(&client.conn, world.loop, url, NULL, &telling, &client), 0);
    assert_null(weft_conn_peer(client.conn));
    pass(&world, 1);
    turn_until(&world, client.id || client.closes);
}

static void server_in_close(weft_conn *c)
{
    expect_peer(weft_conn_peer(c), world.address, "127.0.0.1", false);
    tell(&story, "closed;");
}

static void test_a_server(void **state)
{
    (void)state;
    dial(world_url(&world, "/"));
    expect_peer(weft_conn_peer(client.conn), world.address, "127.0.0.1", false);
    client.then_close = server_in_close;
    weft_abort(server.conn);
    turn_until(&world, client.closes);
    expect_story(&story, "closed;");
}

static void test_a_server_on_a_unix_socket(void **state)
{
    (void)state;
    char url[128], want[80];
    listen_unix();
    snprintf(url, sizeof url, "ws+unix:%s:/", path);
    snprintf(want, sizeof want, "unix:%s", path);
    dial(url);
    expect_peer(weft_conn_peer(client.conn), want, want, false);
}

static void nobody_in_close(weft_conn *c)
{
    assert_null(weft_conn_peer(c));
    tell(&story, "closed;");
}

static void test_no_server(void **state)
{
    (void)state;
    client = (struct teller){.then_close = nobody_in_close};
    assert_int_equal(
        weft_connect(&client.conn, world.loop, "ws://127.0.0.1:1/", NULL, &telling, &client), 0);
    turn_until(&world, client.closes);
    expect_story(&story, "closed;");
}

/* The kernel could not say who it is, because he has left already: nobody knows, and nothing else is wrong. */
static int forgetful(int fd, struct sockaddr *to, socklen_t *len)
{
    (void)fd, (void)to, (void)len;
    errno = ENOTCONN;
    return -1;
}

static void test_a_server_that_is_gone_at_once(void **state)
{
    (void)state;
    world.sys.getpeername = forgetful;
    dial(world_url(&world, "/"));
    expect_peer(weft_conn_peer(client.conn), "", "", false);
    world.sys = sys_real;
}

/* ---- without memory --------------------------------------------------------------------------- */

/* Nobody knows, now; and somebody may, later. */
static void test_no_memory(void **state)
{
    (void)state;
    struct raw *r = open_ws(raw_connect(&world));
    for (long n = 0;; n++) {
        world_fail_at(&world, n);
        weft_peer *p = weft_conn_peer(server.conn);
        bool failed = world.asked > n;
        world_fail_at(&world, -1);
        if (!failed) break;
        assert_null(p);
        assert_true(n < 20);
    }
    assert_string_equal(weft_peer_address(weft_conn_peer(server.conn)), address_of(r));
    raw_free(r);
}

/* Of a request whose client leaves then: the rest of it is there. */
static void test_no_memory_when_the_client_leaves(void **state)
{
    (void)state;
    take_requests();
    struct raw *r = ask(raw_connect(&world), GET(""));
    world_watch(held, gone, NULL);
    raw_reset(r);
    world.fail_on = true;
    world_fail_at(&world, 0);
    turn_until(&world, story.len);
    world.fail_on = false;
    world_fail_at(&world, -1);
    expect_story(&story, "gone ;");
    assert_null(weft_request_peer(held));
    assert_int_equal(weft_respond(held, 200, NULL, "", 0), WEFT_ERR_CLOSED);
    raw_free(r);
}

/* Whom a proxy names has to be remembered, or there is no WebSocket and no reply; the nth allocation fails. */
static bool open_without(long n, const char *request)
{
    struct raw *r = raw_connect(&world);
    held = NULL;
    turn(&world, 5);
    settle(&world);
    world_fail_at(&world, n);
    raw_say(r, request);
    turn_until(&world, held || server.conn || raw_ended(r) || raw_status(r));
    if (held) {
        (void)weft_reply_begin(&reply, held, 200, NULL, WEFT_LENGTH_UNKNOWN, &replying, NULL);
        settle(&world);
    }
    bool failed = world.asked > n;
    world_fail_at(&world, -1);
    if (server.conn) expect_peer(weft_conn_peer(server.conn), "192.0.2.7", "192.0.2.7", false);
    if (reply) expect_peer(weft_reply_peer(reply), "192.0.2.7", "192.0.2.7", false);
    raw_reset(r);
    settle(&world);
    assert_false(reply || server.conn);
    raw_free(r);
    return failed;
}

static void test_no_memory_behind_a_proxy(void **state)
{
    (void)state;
    again_behind_proxies();
    for (long n = 0; open_without(n, UPGRADE("/", FROM("192.0.2.7"))); n++) assert_true(n < 200);
    for (long n = 0; open_without(n, GET(FROM("192.0.2.7"))); n++) assert_true(n < 200);
}

/* An address that needs memory, and there is none: as everybody for whom there is none. */
static void test_no_memory_at_accept(void **state)
{
    (void)state;
    if (!listen_v6("[::1]:0")) skip();
    for (long n = 0; n < 8; n++) {
        server = (struct teller){0};
        world_fail_at(&world, n);
        struct raw *r = connect_v6();
        (void)send(r->fd, UPGRADE("/", ""), strlen(UPGRADE("/", "")), MSG_NOSIGNAL);
        turn_until(&world, raw_ended(r) || raw_status(r));
        world_fail_at(&world, -1);
        raw_free(r);
        settle(&world);
        assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
    }
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_ipv4),
        unit(test_nobody),
        unit(test_ipv6),
        unit(test_ipv4_in_ipv6),
        cmocka_unit_test(test_in_on_close),
        unit(test_a_violation),
        unit(test_kept),
        unit(test_requests),
        unit(test_a_request_whose_client_has_left),
        unit(test_replies),
        unit(test_the_last_reply),
        unit(test_what_a_proxy_says_of_requests),
        unit(test_what_a_proxy_says_of_who_has_left),
        unit(test_what_a_proxy_says_of_websockets),
        unit(test_what_a_proxy_says_of_replies),
        unit(test_a_proxy_header),
        unit(test_a_proxy_behind_a_proxy),
        unit(test_unix),
        unit(test_unix_with_a_name),
        unit(test_a_proxy_on_a_unix_socket),
        unit(test_a_server),
        unit(test_a_server_on_a_unix_socket),
        unit(test_no_server),
        unit(test_a_server_that_is_gone_at_once),
        unit(test_no_memory),
        unit(test_no_memory_when_the_client_leaves),
        unit(test_no_memory_behind_a_proxy),
        unit(test_no_memory_at_accept),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
