/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_map.c - the map against a plain array, with and without memory
 */
#include "hub/map.h"

#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { NAMES = 300 };

struct thing {
    size_t len;
    char name[16];
};

struct model {
    struct faulty faulty;
    struct map map;
    struct thing things[NAMES], others[NAMES]; /* of the same names */
    struct thing *has[NAMES];
    size_t n;
};

static const uint8_t secret[16] = {1, 2, 3};

static weft_bytes name_of(const void *item)
{
    const struct thing *t = item;
    return (weft_bytes){(const uint8_t *)t->name, t->len};
}

static void init(struct model *m)
{
    *m = (struct model){0};
    faulty_init(&m->faulty);
    m->map = (struct map){.env = &m->faulty.env, .key = secret, .name = name_of};
    for (size_t i = 0; i < NAMES; i++) {
        struct thing *t = &m->things[i];
        t->len = (size_t)snprintf(t->name, sizeof t->name, i % 2 ? "room/%zu" : "%zu", i);
        m->others[i] = *t;
    }
}

static uint64_t hash_of(const struct model *m, size_t i)
{
    return map_hash(&m->map, name_of(&m->things[i]));
}

static void add(struct model *m, size_t i)
{
    int error = map_add(&m->map, hash_of(m, i), &m->things[i]);
    if (error < 0) {
        assert_int_equal(error, -ENOMEM);
        assert_true(m->faulty.fail_at >= 0);
        return;
    }
    m->has[i] = &m->things[i];
    m->n++;
}

static void replace(struct model *m, size_t i)
{
    struct thing *other = m->has[i] == &m->things[i] ? &m->others[i] : &m->things[i];
    map_replace(&m->map, hash_of(m, i), m->has[i], other);
    m->has[i] = other;
}

static void take_out(struct model *m, size_t i)
{
    map_remove(&m->map, hash_of(m, i), m->has[i]);
    m->has[i] = NULL;
    m->n--;
}

static void check(const struct model *m)
{
    assert_int_equal(m->map.n, m->n);
    for (size_t i = 0; i < NAMES; i++)
        assert_ptr_equal(map_find(&m->map, hash_of(m, i), name_of(&m->things[i])), m->has[i]);
}

static void done(struct model *m)
{
    map_deinit(&m->map);
    assert_int_equal(m->faulty.live, 0);
}

static void test_empty(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    check(&m);
    assert_int_equal(m.faulty.live, 0); /* an empty map costs nothing */
    done(&m);
}

/* Also of two that have one hash. */
static void test_names_are_bytes(void **state)
{
    (void)state;
    struct model m;
    struct thing a = {.name = "a\0b", .len = 3}, b = {.name = "a\0c", .len = 3},
                 c = {.name = "a", .len = 1};
    init(&m);
    assert_int_equal(map_add(&m.map, 7, &a), 0);
    assert_int_equal(map_add(&m.map, 7, &b), 0);
    assert_int_equal(map_add(&m.map, 7, &c), 0);
    assert_ptr_equal(map_find(&m.map, 7, name_of(&a)), &a);
    assert_ptr_equal(map_find(&m.map, 7, name_of(&b)), &b);
    assert_ptr_equal(map_find(&m.map, 7, name_of(&c)), &c);
    assert_null(map_find(&m.map, 7, (weft_bytes){(const uint8_t *)"a\0b", 2}));
    assert_null(map_find(&m.map, 8, name_of(&a)));
    map_remove(&m.map, 7, &a);
    assert_null(map_find(&m.map, 7, name_of(&a)));
    assert_ptr_equal(map_find(&m.map, 7, name_of(&b)), &b);
    assert_ptr_equal(map_find(&m.map, 7, name_of(&c)), &c);
    done(&m);
}

static void step(struct model *m, uint64_t *seed)
{
    size_t i = roll(seed, NAMES);
    if (!m->has[i]) add(m, i);
    else if (roll(seed, 4)) take_out(m, i);
    else replace(m, i);
}

static void test_random_operations(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    uint64_t seed = 3;
    for (int i = 0; i < 6000; i++) {
        step(&m, &seed);
        if (i % 16 == 0) check(&m);
    }
    done(&m);
}

/* Memory is refused every few times, when the array grows and when it shrinks. */
static void test_without_memory(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    uint64_t seed = 4;
    for (int i = 0; i < 6000; i++) {
        faulty_from(&m.faulty, roll(&seed, 2));
        step(&m, &seed);
        if (i % 16 == 0) check(&m);
    }
    done(&m);
}

static void test_grows_and_shrinks(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    for (size_t i = 0; i < NAMES; i++) {
        add(&m, i);
        assert_true(m.map.n <= m.map.cap / 4 * 3);
    }
    check(&m);
    assert_int_equal(m.map.cap, 512);
    for (size_t i = 0; i < NAMES; i++) {
        take_out(&m, i);
        assert_true(m.map.cap <= 8 || m.map.n >= m.map.cap / 8);
    }
    check(&m);
    assert_int_equal(m.map.cap, 0); /* nothing is kept for nothing */
    done(&m);
}

/* Whatever allocation fails while 40 are added and removed again: only that call fails. */
static void test_every_allocation_fails(void **state)
{
    (void)state;
    for (long nth = 0;; nth++) {
        struct model m;
        init(&m);
        faulty_from(&m.faulty, nth);
        for (size_t i = 0; i < 40; i++) add(&m, i);
        check(&m);
        for (size_t i = 0; i < 40; i++)
            if (m.has[i]) take_out(&m, i);
        check(&m);
        done(&m);
        if (m.faulty.asked <= nth) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_names_are_bytes),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_grows_and_shrinks),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
