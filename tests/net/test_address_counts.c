/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_address_counts.c - counting connections for each address, against a model
 */
#include "net/address_counts.h"

#include "world.h"

static uint64_t key_of(const char *address)
{
    struct sock_addr a;
    assert_int_equal(sock_parse(&a, address), 0);
    return address_key(&a);
}

static void test_keys(void **state)
{
    (void)state;
    assert_true(key_of("192.0.2.1:80") == key_of("192.0.2.1:81"));
    assert_true(key_of("192.0.2.1:80") != key_of("192.0.2.2:80"));
    assert_true(key_of("192.0.2.1:80") == key_of("[::ffff:192.0.2.1]:80"));
    assert_true(key_of("[2001:db8::1]:80") == key_of("[2001:db8::ffff:1]:80"));
    assert_true(key_of("[2001:db8::1]:80") != key_of("[2001:db8:0:1::1]:80"));
    assert_true(key_of("192.0.2.1:80") != 0);
}

static void test_loopback_and_unix_are_not_counted(void **state)
{
    (void)state;
    assert_true(key_of("127.0.0.1:80") == 0);
    assert_true(key_of("[::1]:80") == 0);
    assert_true(key_of("[::ffff:127.0.0.1]:80") == 0);
    assert_true(key_of("unix:/tmp/x") == 0);
    struct address_counts p;
    address_counts_init(&p);
    for (int i = 0; i < 10; i++) assert_int_equal(address_counts_add(&p, NULL, 0, 1), 0);
    address_counts_remove(&p, 0);
    assert_null(p.table);
}

static void test_limit(void **state)
{
    (void)state;
    struct address_counts p;
    address_counts_init(&p);
    for (int i = 0; i < 3; i++) assert_int_equal(address_counts_add(&p, NULL, 7, 3), 0);
    assert_int_equal(address_counts_add(&p, NULL, 7, 3), WEFT_ERR_POLICY);
    assert_int_equal(address_counts_add(&p, NULL, 8, 3), 0);
    address_counts_remove(&p, 7);
    assert_int_equal(address_counts_add(&p, NULL, 7, 3), 0);
    assert_int_equal(address_counts_add(&p, NULL, 7, 3), WEFT_ERR_POLICY);
    address_counts_deinit(&p, NULL);
}

static void test_remove_of_a_stranger(void **state)
{
    (void)state;
    struct address_counts p;
    address_counts_init(&p);
    address_counts_remove(&p, 5);
    assert_int_equal(address_counts_add(&p, NULL, 7, 3), 0);
    address_counts_remove(&p, 5);
    assert_int_equal(p.used, 1);
    address_counts_deinit(&p, NULL);
}

enum { KEYS = 300, STEPS = 100000, MOST = 5 };

static uint64_t random_below(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % below;
}

static void step(struct address_counts *p, uint32_t *count, uint64_t key, bool add)
{
    if (add) {
        int want = count[key] < MOST ? 0 : WEFT_ERR_POLICY;
        assert_int_equal(address_counts_add(p, NULL, key + 1, MOST), want);
        count[key] += want == 0;
    } else if (count[key]) {
        address_counts_remove(p, key + 1);
        count[key]--;
    }
}

static size_t used(const uint32_t *count)
{
    size_t n = 0;
    for (size_t i = 0; i < KEYS; i++) n += count[i] > 0;
    return n;
}

/* Adds are likelier than removes, then the other way round: the table fills and empties. */
static void test_random_adds_and_removes(void **state)
{
    (void)state;
    struct address_counts p;
    address_counts_init(&p);
    uint32_t count[KEYS] = {0};
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < STEPS; i++) {
        uint64_t adds = i / 5000 % 2 ? 30 : 70;
        step(&p, count, random_below(&seed, KEYS), random_below(&seed, 100) < adds);
        if (i % 100 == 0) assert_int_equal(p.used, used(count));
    }
    for (size_t i = 0; i < KEYS; i++)
        while (count[i]) step(&p, count, i, false);
    assert_int_equal(p.used, 0);
    for (size_t i = 0; i < p.size; i++) assert_true(p.table[i].key == 0 && p.table[i].n == 0);
    address_counts_deinit(&p, NULL);
}

static void test_every_allocation_failing(void **state)
{
    (void)state;
    struct world w = {.fail_at = -1};
    w.env = (weft_env){.ctx = &w, .realloc = world_realloc};
    struct address_counts p;
    address_counts_init(&p);
    world_fail_at(&w, 0);
    assert_int_equal(address_counts_add(&p, &w.env, 1, 3), -ENOMEM);
    size_t n = 0;
    for (uint64_t key = 1; key <= 200; key++) {
        world_fail_at(&w, 0);
        int error = address_counts_add(&p, &w.env, key, 3);
        if (error) assert_int_equal(error, -ENOMEM);
        if (error) assert_int_equal(address_counts_add(&p, &w.env, key, 3), 0);
        assert_int_equal(p.used, ++n);
    }
    address_counts_deinit(&p, &w.env);
    assert_int_equal(w.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_loopback_and_unix_are_not_counted),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_remove_of_a_stranger),
        cmocka_unit_test(test_random_adds_and_removes),
        cmocka_unit_test(test_every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
