/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_wrong.c - what cannot be used is told to the log: where it stands, what it is, what would be right
 *
 * Whoever gets -EINVAL of a struct with many fields finds the one that is meant in the log, and what to say instead.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#include <weft/client.h>
#include <weft/hub.h>
#include <weft/pipe.h>
#include <weft/session.h>

static struct world world;

static int begin(void **state)
{
    (void)state;
    world_begin(&world);
    world_serve(&world, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* It was refused, in these words. */
static void expect(int got, const char *words)
{
    assert_string_equal(world.said, words);
    assert_int_equal(got, -EINVAL);
    world.said[0] = 0;
}

/* ---- servers --------------------------------------------------------------------------------- */

static void expect_server(const weft_server_config *cfg, const char *words)
{
    weft_server *s = NULL;
    expect(weft_server_new(&s, world.loop, cfg), words);
    assert_null(s);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_host(const char *host, const char *words)
{
    expect_server(&(weft_server_config){.hosts = LIST("example.org", host)}, words);
}

static void test_hosts(void **state)
{
    (void)state;
    expect_host("localhost:8080",
                "weft_server_config.hosts: \"localhost:8080\" has a port, which plays "
                "no part: say \"localhost\"");
    expect_host("*.example.org:443",
                "weft_server_config.hosts: \"*.example.org:443\" has a port, which "
                "plays no part: say \"*.example.org\"");
    expect_host("[::1]:80",
                "weft_server_config.hosts: \"[::1]:80\" has a port, which plays no part: say "
                "\"[::1]\"");
    expect_host("a.*.org", "weft_server_config.hosts: \"a.*.org\" is no host: say \"example.org\", "
                           "\"*.example.org\", \"localhost\", \"ip\", \"none\" or \"unix\"");
    expect_host("http://example.org",
                "weft_server_config.hosts: \"http://example.org\" is no host: say \"example.org\", "
                "\"*.example.org\", \"localhost\", \"ip\", \"none\" or \"unix\"");
    expect_host(
        "", "weft_server_config.hosts: \"\" is no host: say \"example.org\", \"*.example.org\", "
            "\"localhost\", \"ip\", \"none\" or \"unix\"");
}

static void test_other_fields_of_a_server(void **state)
{
    (void)state;
    expect_server(
        &(weft_server_config){.origins = LIST("same", "example.org")},
        "weft_server_config.origins: \"example.org\" is no origin: say \"https://example.org\", "
        "perhaps with a port, \"same\" or \"*\"");
    expect_server(
        &(weft_server_config){.trust_proxy = LIST("10.0.0.0/33")},
        "weft_server_config.trust_proxy: \"10.0.0.0/33\" is no address: say \"192.0.2.1\", "
        "\"10.0.0.0/8\", \"2001:db8::/32\", \"localhost\" or \"unix\"");
    expect_server(&(weft_server_config){.threads = 257},
                  "weft_server_config.threads: 257 are too many: at most 256");
}

static void ignore(weft_request *r, void *user)
{
    (void)user;
    weft_request_abort(r);
}

static void test_routes(void **state)
{
    (void)state;
    weft_server *s = world.server;
    const weft_handler h = {0};
    expect(
        weft_server_route(s, "/a b", &h, NULL),
        "the route \"/a b\" is no path that a request can have: say \"/chat\" or \"/files/*\", escaped "
        "as in a URL, without a query");
    expect(weft_server_on_request(s, "/", &(weft_request_handler){0}, NULL),
           "weft_request_handler.on_request is NULL: nobody would answer");
    const weft_request_handler odd = {.on_request = ignore, .methods = "GET POST"};
    expect(weft_server_on_request(s, "/", &odd, NULL),
           "weft_request_handler.methods: \"GET POST\" is no list of methods: say \"GET, POST\"");
    expect(weft_server_files(s, "/files", "/tmp"),
           "weft_server_files: \"/files\" does not end in \"/*\": say \"/*\" or \"/files/*\"");
}

static void test_listening(void **state)
{
    (void)state;
    int pair[2];
    char words[128];
    expect(weft_server_listen(world.server, "unix:/nowhere", &(weft_listen_options){.mode = 01777}),
           "weft_listen_options.mode: 01777 has more than permissions: at most 0777");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    snprintf(words, sizeof words,
             "weft_server_listen_fd: descriptor %d is no stream socket of TCP or Unix that listens",
             pair[0]);
    expect(weft_server_listen_fd(world.server, pair[0], NULL), words);
    close(pair[0]);
    close(pair[1]);
}

/* ---- clients --------------------------------------------------------------------------------- */

static void expect_client(const weft_client_config *cfg, const char *words)
{
    weft_conn *c = NULL;
    expect(weft_connect(&c, world.loop, "ws://127.0.0.1:1/", cfg, NULL, NULL), words);
    assert_null(c);
}

static void test_a_client_says(void **state)
{
    (void)state;
    expect_client(&(weft_client_config){.host = "example.org/x"},
                  "weft_client_config.host: \"example.org/x\" is no host: say \"example.org\" or "
                  "\"example.org:8080\"");
    expect_client(&(weft_client_config){.origin = "https://x\n"},
                  "weft_client_config.origin: \"https://x\\x0a\" cannot stand in a field: say "
                  "\"https://example.org\"");
    expect_client(
        &(weft_client_config){.subprotocols = LIST("chat", "a b")},
        "subprotocols: \"a b\" is no token: letters, digits, some of \"-._~+!\", no blank");
    char *long_one = calloc(1, 8194);
    memset(long_one, 'x', 8193);
    expect_client(&(weft_client_config){.credentials = long_one},
                  "weft_client_config.credentials has 8193 bytes: at most 8192");
    free(long_one);
}

/* The value is not told: it may be a secret. */
static void test_fields(void **state)
{
    (void)state;
    expect_client(&(weft_client_config){.fields = LIST("Cookie: a\nb")},
                  "weft_client_config.fields: \"Cookie\" has a character that may not stand there");
    expect_client(&(weft_client_config){.fields = LIST("X: y", "Upgrade: h2c")},
                  "weft_client_config.fields: \"Upgrade\" is the handshake's own: leave it out");
    expect_client(&(weft_client_config){.fields = LIST("Cookie")},
                  "weft_client_config.fields: \"Cookie\" is no field: say \"Name: value\"");
}

static void expect_dial(const char *url, const weft_dial *dial, const char *words)
{
    weft_conn *c = NULL;
    const weft_client_config cfg = {.dial = dial};
    expect(weft_connect(&c, world.loop, url, &cfg, NULL, NULL), words);
    weft_pipe *p = NULL;
    const char *tcp = url[2] == ':' ? "tcp://127.0.0.1:1" : "unix:/x";
    expect(weft_pipe_connect(&p, world.loop, tcp, dial, NULL, NULL), words);
    assert_true(!c && !p);
}

static void test_the_way(void **state)
{
    (void)state;
    const char *url = "ws://127.0.0.1:1/";
    expect_dial(
        url, &(weft_dial){.proxy = "https://me:secret@proxy:1"},
        "weft_dial.proxy: \"https://proxy:1\" is no proxy: say \"http://host:port\", perhaps with "
        "\"user:password@\" before the host");
    expect_dial("ws+unix:/x:/", &(weft_dial){.proxy = "http://proxy:1"},
                "weft_dial.proxy: no proxy leads to a Unix socket: say NULL");
    expect_dial(url, &(weft_dial){.proxy = "http://proxy:1", .address = "unix:/x"},
                "weft_dial.address: a proxy does not connect us to a Unix socket");
    expect_dial(url, &(weft_dial){.server_name = ""},
                "weft_dial.server_name has 0 bytes: a name has 1 to 253");
}

static void expect_address(int got, const char *words)
{
    assert_string_equal(world.said, words);
    assert_int_equal(got, WEFT_ERR_ADDRESS);
}

static void test_addresses(void **state)
{
    (void)state;
    const weft_dial address = {.address = "127.0.0.1"}, source = {.source = "unix:/x"};
    const char *url = "ws://127.0.0.1:1/";
    expect_address(
        weft_server_listen(world.server, "8080", NULL),
        "weft_server_listen: \"8080\" is no address: say \"127.0.0.1:8080\", \"[::1]:8080\", "
        "\"*:8080\" or \"unix:/path\"");
    expect_address(
        weft_connect(NULL, world.loop, url, &(weft_client_config){.dial = &address}, NULL, NULL),
        "weft_dial.address: \"127.0.0.1\" is no address: say \"192.0.2.1:80\", \"[::1]:80\", "
        "\"unix:/path\" or \"unix:@name\"");
    expect_address(
        weft_connect(NULL, world.loop, url, &(weft_client_config){.dial = &source}, NULL, NULL),
        "weft_dial.source: \"unix:/x\" is no address: say \"192.0.2.7\", \"2001:db8::7\", or one with a "
        "port");
}

/* ---- who has an env of his own --------------------------------------------------------------- */

static void test_an_env_within(void **state)
{
    (void)state;
    weft_loop *l = NULL;
    struct {
        weft_loop_config known;
        uint64_t more;
    } loop = {{.env = &world.env}, 1};
    expect(
        weft_loop_new_sized(&l, &loop.known, sizeof loop, sizeof(weft_env)),
        "weft_loop_config is longer than this library knows (24 > 16 bytes) and uses what it does not "
        "have");
    struct {
        weft_limits known;
        uint64_t more;
    } limits = {.more = 1};
    weft_session_profile *p = NULL;
    char words[200];
    const weft_session_config cfg = {.env = &world.env, .limits = &limits.known};
    snprintf(
        words, sizeof words,
        "weft_limits is longer than this library knows (%zu > %zu bytes) and uses what it does not "
        "have",
        sizeof limits, sizeof(weft_limits));
    expect(weft_session_profile_new_sized(&p, &cfg, sizeof cfg, sizeof(weft_env), sizeof limits,
                                          sizeof(weft_deflate)),
           words);
    assert_true(!l && !p);
}

/* What ends before its env has none, and nobody is told. */
static void test_an_env_that_is_not_there(void **state)
{
    (void)state;
    weft_loop *l = NULL;
    assert_int_equal(weft_loop_new_sized(&l, (const weft_loop_config *)8, 15, sizeof(weft_env)),
                     -EINVAL);
    const weft_loop_config cfg = {.env = (const weft_env *)8};
    assert_int_equal(weft_loop_new_sized(&l, &cfg, sizeof cfg, sizeof(weft_env) - 1), -EINVAL);
    assert_null(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hosts, begin, end),
        cmocka_unit_test_setup_teardown(test_other_fields_of_a_server, begin, end),
        cmocka_unit_test_setup_teardown(test_routes, begin, end),
        cmocka_unit_test_setup_teardown(test_listening, begin, end),
        cmocka_unit_test_setup_teardown(test_a_client_says, begin, end),
        cmocka_unit_test_setup_teardown(test_fields, begin, end),
        cmocka_unit_test_setup_teardown(test_the_way, begin, end),
        cmocka_unit_test_setup_teardown(test_addresses, begin, end),
        cmocka_unit_test_setup_teardown(test_an_env_within, begin, end),
        cmocka_unit_test_setup_teardown(test_an_env_that_is_not_there, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
