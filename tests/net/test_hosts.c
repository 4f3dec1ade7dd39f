/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_hosts.c - the names that a server answers to, and what it says to others
 *
 * A page that has its own name resolve to an address of ours has the same origin as what it talks to: only the Host
 * tells.
 */
#include "raw.h"

#include "base/bytes.h"
#include "net/hosts.h"

/* ---- names compared -------------------------------------------------------------------------- */

static bool have(const char *pattern, const char *host)
{
    const char *const hosts[] = {"none.example", pattern, NULL};
    assert_int_equal(hosts_check(NULL, hosts), 0);
    return hosts_have(hosts, bytes_of(host));
}

static void test_names(void **state)
{
    (void)state;
    assert_true(have("example.org", "example.org"));
    assert_true(have("example.org", "EXAMPLE.org:8080"));
    assert_true(have("Example.ORG", "example.org."));
    assert_true(have("example.org.", "example.org:80"));
    assert_false(have("example.org", "www.example.org"));
    assert_false(have("example.org", "example.org.evil.example"));
    assert_false(have("example.org", "notexample.org"));
    assert_false(have("example.org", "example"));
    assert_false(have("example.org", ""));
    assert_false(have("example.org", "."));
}

static void test_all_below(void **state)
{
    (void)state;
    assert_true(have("*.example.org", "www.example.org"));
    assert_true(have("*.example.org", "a.b.EXAMPLE.org:1"));
    assert_true(have("*.example.org", "a.example.org."));
    assert_false(have("*.example.org", "example.org"));
    assert_false(have("*.example.org", ".example.org"));
    assert_false(have("*.example.org", "wwwexample.org"));
    assert_false(have("*.example.org", "www.example.org.evil.example"));
}

static void test_localhost(void **state)
{
    (void)state;
    assert_true(have("localhost", "localhost"));
    assert_true(have("localhost", "LocalHost:80"));
    assert_true(have("localhost", "app.localhost:80"));
    assert_false(have("localhost", "localhost.evil.example"));
    assert_false(have("localhost", "evillocalhost"));
    assert_false(have("localhost", "127.0.0.1"));
}

static void test_no_host(void **state)
{
    (void)state;
    assert_true(have("none", ""));
    assert_false(have("none", "none"));
    assert_false(have("unix", ""));
    assert_false(have("unix", "unix")); /* who comes by one is told by his address */
}

static void test_addresses(void **state)
{
    (void)state;
    assert_true(have("ip", "127.0.0.1"));
    assert_true(have("ip", "192.0.2.255:8080"));
    assert_true(have("ip", "[::1]"));
    assert_true(have("ip", "[2001:db8::1]:443"));
    assert_false(have("ip", "127.0.0.1.evil.example"));
    assert_false(have("ip", "256.0.0.1"));
    assert_false(have("ip", "1.2.3"));
    assert_false(have("ip", "0x7f.1"));
    assert_false(have("ip", "ip"));
    assert_true(have("192.0.2.1", "192.0.2.1:80"));
    assert_false(have("192.0.2.1", "192.0.2.10"));
    assert_true(have("[::1]", "[::1]:80"));
    assert_false(have("[::1]", "[::2]"));
}

static void test_any(void **state)
{
    (void)state;
    assert_int_equal(hosts_check(NULL, NULL), 0);
    assert_true(hosts_have(NULL, bytes_of("whoever")));
    assert_true(hosts_have(NULL, (weft_bytes){0}));
    assert_false(hosts_have((const char *const[]){NULL}, bytes_of("whoever")));
}

static void test_no_patterns(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     "*",        "*.",       "**.a",   "a.*", "*.*.a",    "a:80",
        "[::1", "[::1]:80", "*.[::1]",  "[x]",    ".a",  "http://a", "a/b",
        "a b",  "a\n",      "\xc3\xa4", "user@a", "::1", "a,b c",
    };
    for (size_t i = 0; i < countof(bad); i++)
        if (!hosts_check(NULL, (const char *const[]){"good.example", bad[i], NULL}))
            fail_msg("\"%s\" is no host", bad[i]);
}

/* ---- a server -------------------------------------------------------------------------------- */

static struct world world;

static void say_hi(weft_request *r, void *user)
{
    (void)user;
    (void)weft_respond(r, 200, NULL, "hi", 2);
}

static int begin(void **state)
{
    (void)state;
    const char *hosts[] = {strdup("example.org"), "localhost", NULL};
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.hosts = hosts});
    memset((char *)(uintptr_t)hosts[0], '?', 11); /* nothing is kept */
    free((char *)(uintptr_t)hosts[0]);
    assert_int_equal(world_requests(world.server, "/*", say_hi, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/", NULL, NULL), 0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static int ask(const char *request)
{
    struct raw *r = raw_connect(&world);
    int status = raw_ask(&world, r, request);
    if (status == 421) {
        assert_true(raw_heard(r, "the host \"evil.example"));
        turn_until(&world, raw_ended(r));
    }
    raw_free(r);
    return status;
}

#define UPGRADE_AT(host)                                                                          \
    "GET / HTTP/1.1\r\nHost: " host "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: "   \
    "http://" host "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13" \
    "\r\n\r\n"

static void test_requests_and_upgrades(void **state)
{
    (void)state;
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: example.org:81\r\n\r\n"), 200);
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
    assert_int_equal(ask(UPGRADE_AT("localhost")), 101);
    assert_int_equal(ask(UPGRADE_AT("evil.example")), 421);
    assert_int_equal(weft_server_count_refused(world.server, 421), 2);
}

/* Where a target names a host it is that one which counts (RFC 9112, 3.2.2). */
static void test_absolute_targets(void **state)
{
    (void)state;
    assert_int_equal(ask("GET http://evil.example/ HTTP/1.1\r\nHost: example.org\r\n\r\n"), 421);
    assert_int_equal(ask("GET http://example.org/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 200);
}

/* Before its body is read, and also when nothing is at its path. */
static void test_at_once(void **state)
{
    (void)state;
    assert_int_equal(ask("POST /x HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000\r\n\r\n"),
                     421);
}

/* No browser leaves it out. */
static void test_without_a_host(void **state)
{
    (void)state;
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.0\r\n\r\n"), 421);
    raw_free(r);
}

static void test_not_hosts(void **state)
{
    (void)state;
    weft_server *s;
    const char *const bad[] = {"localhost", "example.org:80", NULL};
    assert_int_equal(weft_server_new(&s, world.loop, &(weft_server_config){.hosts = bad}), -EINVAL);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),       cmocka_unit_test(test_all_below),
        cmocka_unit_test(test_localhost),   cmocka_unit_test(test_no_host),
        cmocka_unit_test(test_addresses),   cmocka_unit_test(test_any),
        cmocka_unit_test(test_no_patterns), unit(test_requests_and_upgrades),
        unit(test_absolute_targets),        unit(test_at_once),
        unit(test_without_a_host),          unit(test_not_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
