/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_address.c - an address in eight bytes: it comes back as it was, with the key that it is counted under
 */
#include "net/address.h"

#include "net/address_counts.h"
#include "world.h"

static struct world world;

static int begin(void **state)
{
    (void)state;
    world = (struct world){.env = {.ctx = &world, .realloc = world_realloc}, .fail_at = -1};
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(world.live, 0);
    return 0;
}

static struct sock_addr parsed(const char *text)
{
    struct sock_addr a;
    assert_int_equal(sock_parse(&a, text), 0);
    return a;
}

static void set(struct address *a, const char *text, uint64_t key)
{
    struct sock_addr from = parsed(text);
    assert_int_equal(address_set(a, &world.env, &from, key), 0);
}

static void expect(const struct address *a, const char *text, uint64_t key)
{
    struct sock_addr got;
    char name[SOCK_TEXT];
    assert_int_equal(address_get(a, &got), 0);
    (void)sock_format(&got, name, sizeof name);
    assert_string_equal(name, text);
    assert_true(address_counted_as(a) == key);
}

static uint64_t key_of(const char *text)
{
    struct sock_addr a = parsed(text);
    return address_key(&a);
}

static void test_nothing(void **state)
{
    (void)state;
    struct address a = {0};
    struct sock_addr got;
    assert_int_equal(address_get(&a, &got), -ENOTCONN);
    assert_true(address_counted_as(&a) == 0);
    assert_int_equal(address_count_as(&a, &world.env, 7), -ENOTCONN);
    address_clear(&a, &world.env);
}

/* What most connections have needs no memory, also when it is counted. */
static void test_ipv4(void **state)
{
    (void)state;
    static const char *const some[] = {"192.0.2.1:50312", "0.0.0.0:0", "255.255.255.255:65535"};
    struct address a = {0};
    for (size_t i = 0; i < countof(some); i++) {
        set(&a, some[i], 0);
        expect(&a, some[i], 0);
        set(&a, some[i], key_of(some[i]));
        expect(&a, some[i], key_of(some[i]));
    }
    set(&a, "[::ffff:192.0.2.1]:80", 0);
    expect(&a, "192.0.2.1:80", 0);
    assert_int_equal(world.asked, 0);
}

static void test_unix(void **state)
{
    (void)state;
    struct address a = {0};
    struct sock_addr nameless = {.len = sizeof(sa_family_t), .un = {.sun_family = AF_UNIX}};
    assert_int_equal(address_set(&a, &world.env, &nameless, 0), 0);
    expect(&a, "unix:", 0);
    assert_int_equal(world.asked, 0);
    set(&a, "unix:/run/x", 0);
    expect(&a, "unix:/run/x", 0);
    address_clear(&a, &world.env);
}

static void test_ipv6(void **state)
{
    (void)state;
    struct address a = {0};
    set(&a, "[2001:db8::1]:50312", 0);
    expect(&a, "[2001:db8::1]:50312", 0);
    set(&a, "[2001:db8::2]:1", key_of("[2001:db8::2]:1"));
    expect(&a, "[2001:db8::2]:1", key_of("[2001:db8::9]:2"));
    assert_int_equal(world.live, 1);
    set(&a, "192.0.2.1:1", 0);
    expect(&a, "192.0.2.1:1", 0);
    assert_int_equal(world.live, 0);
}

/* A proxy, for instance, whose client is counted. */
static void test_counted_as_somebody_else(void **state)
{
    (void)state;
    struct address a = {0};
    uint64_t client = key_of("203.0.113.9:0"), own = key_of("192.0.2.1:1");
    set(&a, "192.0.2.1:1", 0);
    assert_int_equal(address_count_as(&a, &world.env, client), 0);
    expect(&a, "192.0.2.1:1", client);
    assert_int_equal(address_count_as(&a, &world.env, own), 0);
    expect(&a, "192.0.2.1:1", own);
    assert_int_equal(address_count_as(&a, &world.env, 0), 0);
    expect(&a, "192.0.2.1:1", 0);
    address_clear(&a, &world.env);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct address a = {0};
    struct sock_addr v6 = parsed("[2001:db8::1]:1");
    set(&a, "192.0.2.1:1", key_of("192.0.2.1:1"));
    world_fail_at(&world, 0);
    assert_int_equal(address_set(&a, &world.env, &v6, 0), -ENOMEM);
    world_fail_at(&world, 0);
    assert_int_equal(address_count_as(&a, &world.env, 7), -ENOMEM);
    expect(&a, "192.0.2.1:1", key_of("192.0.2.1:1"));
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_nothing),
        unit(test_ipv4),
        unit(test_unix),
        unit(test_ipv6),
        unit(test_counted_as_somebody_else),
        unit(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
