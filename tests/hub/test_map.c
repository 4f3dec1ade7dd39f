/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_topic.c - the map against a plain array, with and without memory
 */
#include "hub/topic.h"

#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { NAMES = 300 };

struct model {
    struct faulty faulty;
    struct topics map;
    struct topic *has[NAMES];
    size_t n;
};

static size_t name_of(size_t i, char name[16])
{
    return (size_t)snprintf(name, 16, i % 2 ? "room/%zu" : "%zu", i);
}

static void init(struct model *m)
{
    *m = (struct model){0};
    faulty_init(&m->faulty);
    assert_int_equal(topics_init(&m->map, &m->faulty.env), 0);
}

static void add(struct model *m, size_t i)
{
    char name[16];
    struct topic *t = NULL;
    int error = topics_add(&m->map, &t, name, name_of(i, name));
    if (error < 0) {
        assert_int_equal(error, -ENOMEM);
        assert_true(m->faulty.fail_at >= 0);
        return;
    }
    m->has[i] = t;
    m->n++;
}

static void take_out(struct model *m, size_t i)
{
    topics_remove(&m->map, m->has[i]);
    m->has[i] = NULL;
    m->n--;
}

static void check(const struct model *m)
{
    assert_int_equal(m->map.n, m->n);
    for (size_t i = 0; i < NAMES; i++) {
        char name[16];
        struct topic *t = topics_find(&m->map, name, name_of(i, name));
        assert_ptr_equal(t, m->has[i]);
    }
}

static void done(struct model *m)
{
    topics_deinit(&m->map);
    assert_int_equal(m->faulty.live, 0);
}

static void test_empty(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    assert_null(topics_find(&m.map, "chat", 4));
    assert_int_equal(m.faulty.live, 0); /* an empty map costs nothing */
    done(&m);
}

static void test_names_are_bytes(void **state)
{
    (void)state;
    struct model m;
    struct topic *a, *ab;
    init(&m);
    assert_int_equal(topics_add(&m.map, &a, "a", 1), 0);
    assert_int_equal(topics_add(&m.map, &ab, "ab", 2), 0);
    assert_ptr_equal(topics_find(&m.map, "abc", 1), a);
    assert_ptr_equal(topics_find(&m.map, "abc", 2), ab);
    assert_null(topics_find(&m.map, "abc", 3));
    assert_null(topics_find(&m.map, "A", 1));
    done(&m);
}

static void test_random_operations(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    uint64_t seed = 3;
    for (int step = 0; step < 6000; step++) {
        size_t i = roll(&seed, NAMES);
        if (!m.has[i]) {
            add(&m, i);
        } else {
            take_out(&m, i);
        }
        if (step % 16 == 0) check(&m);
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
        assert_true(m.map.cap == 8 || m.map.n >= m.map.cap / 8);
    }
    check(&m);
    assert_int_equal(m.map.cap, 8);
    done(&m);
}

/* Whatever allocation fails while 40 topics are added and removed again: only that call fails. */
static void test_every_allocation_fails(void **state)
{
    (void)state;
    for (long nth = 0;; nth++) {
        struct model m;
        init(&m);
        faulty_from(&m.faulty, nth);
        for (size_t i = 0; i < 40; i++) add(&m, i);
        check(&m);
        for (size_t i = 0; i < 40; i++) {
            if (m.has[i]) take_out(&m, i);
        }
        check(&m);
        done(&m);
        if (m.faulty.asked <= nth) break;
    }
}

static void test_no_randomness(void **state)
{
    (void)state;
    struct topics map;
    struct faulty f;
    faulty_init(&f);
    f.random_error = -EIO;
    assert_int_equal(topics_init(&map, &f.env), -EIO);
}

/* Without an env: malloc and getrandom. Two maps have two keys. */
static void test_default_hooks(void **state)
{
    (void)state;
    struct topics a, b;
    struct topic *t;
    assert_int_equal(topics_init(&a, NULL), 0);
    assert_int_equal(topics_init(&b, NULL), 0);
    assert_memory_not_equal(a.key, b.key, sizeof a.key);
    assert_int_equal(topics_add(&a, &t, "chat", 4), 0);
    topics_remove(&a, t);
    topics_deinit(&a);
    topics_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_names_are_bytes),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_grows_and_shrinks),
        cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_no_randomness),
        cmocka_unit_test(test_default_hooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
