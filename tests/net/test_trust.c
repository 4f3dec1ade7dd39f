/* SPDX-License-Identifier: MIT
 *
 * Whose word is taken for who their client is: single addresses, networks, and Unix sockets.
 */
#include "world.h"

#include "base/bytes.h"
#include "net/trust.h"

static struct world memory = {.fail_at = -1, .env = {.ctx = &memory, .realloc = world_realloc}};
static struct trust trust;

static int make(const char *const *list)
{
    return trust_init(&trust, &memory.env, list);
}

static void forget(void)
{
    trust_deinit(&trust, &memory.env);
    assert_int_equal(memory.live, 0);
}

static bool has(const char *address)
{
    struct sock_addr a;
    if (strncmp(address, "unix:", 5) == 0) assert_int_equal(sock_unix(&a, address + 5), 0);
    else assert_int_equal(sock_numeric(&a, address, 8080), 0);
    return trust_has(&trust, &a);
}

/* "text" trusts each of in, and none of out. */
static void means(const char *text, const char *in, const char *out)
{
    const char *list[] = {text, NULL};
    char copied[400], *rest = copied;
    assert_int_equal(make(list), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(copied, sizeof copied, "%s", i ? out : in);
        rest = copied;
        for (char *address; (address = strsep(&rest, " "));)
            if (*address && has(address) != !i)
                fail_msg("%s and %s: %s", text, address, i ? "is trusted" : "is not trusted");
    }
    forget();
}

static void test_addresses(void **state)
{
    (void)state;
    means("192.0.2.1", "192.0.2.1", "192.0.2.0 192.0.2.2 ::192.0.2.1 unix:/x");
    means("2001:db8::1", "2001:db8::1 2001:DB8:0::0:1", "2001:db8::2 ::1 1.2.3.4");
    means("localhost", "127.0.0.1", "127.0.0.2 ::1");
    means("unix", "unix:/run/x unix:y", "127.0.0.1 ::1 0.0.0.0");
}

/* One machine, two ways to write it: a socket for both families reports IPv4 clients like that. */
static void test_v4_in_v6(void **state)
{
    (void)state;
    means("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2");
    means("::ffff:192.0.2.1", "192.0.2.1 ::ffff:192.0.2.1", "192.0.2.2 ::192.0.2.1");
    means("10.0.0.0/8", "::ffff:10.255.255.255", "::ffff:11.0.0.0 ::10.0.0.1");
    means("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0");
    means("::ffff:0:0/96", "0.0.0.0 255.255.255.255", "::1 ::fffe:0:0");
}

static void test_prefixes(void **state)
{
    (void)state;
    means("10.0.0.0/8", "10.0.0.0 10.255.255.255", "9.255.255.255 11.0.0.0");
    means("10.9.9.9/8", "10.0.0.0 10.255.255.255",
          "9.255.255.255 11.0.0.0"); /* host bits: no matter */
    means("192.168.4.0/23", "192.168.4.0 192.168.5.255", "192.168.3.255 192.168.6.0");
    means("192.0.2.128/25", "192.0.2.128 192.0.2.255", "192.0.2.127 192.0.3.128");
    means("192.0.2.6/31", "192.0.2.6 192.0.2.7", "192.0.2.5 192.0.2.8");
    means("192.0.2.7/32", "192.0.2.7", "192.0.2.6");
    means("0.0.0.0/0", "0.0.0.0 255.255.255.255 127.0.0.1", "::1 2001:db8::1 unix:/x");
    means("0.0.0.0/1", "127.255.255.255", "128.0.0.0");
    means("2001:db8::/32", "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
          "2001:db7:ffff:: 2001:db9:: 32.1.13.184");
    means("2001:db8::/127", "2001:db8:: 2001:db8::1", "2001:db8::2");
    means("2001:db8::5/128", "2001:db8::5", "2001:db8::4");
    means("fe80::/10", "fe80:: febf:ffff::", "fec0:: fe7f::");
    means("::/0", "::1 2001:db8::1 1.2.3.4", "unix:/x");
}

static void test_many(void **state)
{
    (void)state;
    const char *list[] = {"192.0.2.1", "10.0.0.0/8", "unix", "2001:db8::/32", NULL};
    assert_int_equal(make(list), 0);
    assert_true(has("192.0.2.1") && has("10.1.1.1") && has("unix:/x") && has("2001:db8:1::"));
    assert_false(has("192.0.2.2") || has("11.0.0.1") || has("::1"));
    forget();
}

static void test_nobody(void **state)
{
    (void)state;
    const char *none[] = {NULL};
    assert_int_equal(make(NULL), 0);
    assert_false(has("127.0.0.1") || has("::1") || has("unix:/x"));
    forget();
    assert_int_equal(make(none), 0);
    assert_false(has("0.0.0.0") || has("::") || has("unix:/x"));
    forget();
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/8 ",
        "10.0.0.0/8/8",
        "10.0.0.0/0x8",
        "10.0.0.0/a",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.01",
        " 10.0.0.1",
        "10.0.0.1:80",
        "[::1]",
        "::1/129",
        "::1/",
        "1::2::3",
        "fe80::1%lo",
        "proxy.example",
        "unix:",
        "unix:/x",
        "UNIX",
        "*",
        "10.0.0.0/99999999999999999999999999",
        "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/32",
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        const char *list[] = {"127.0.0.1", wrong[i], NULL};
        if (make(list) != -EINVAL) fail_msg("\"%s\" is taken for a network", wrong[i]);
        forget();
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    const char *list[] = {"127.0.0.1", NULL};
    world_fail_at(&memory, 0);
    assert_int_equal(make(list), -ENOMEM);
    world_fail_at(&memory, -1);
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_v4_in_v6),
        cmocka_unit_test(test_prefixes),  cmocka_unit_test(test_many),
        cmocka_unit_test(test_nobody),    cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
