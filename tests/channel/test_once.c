/* SPDX-License-Identifier: MIT
 *
 * Publishing once.
 */
#include "channel/once.h"

#include "channel/unit.h"
#include "hub/faulty_env.h"
#include "hub/unit.h"

static struct once_keys o;
static struct faulty f;

static int set_up(void **state)
{
    (void)state;
    faulty_init(&f);
    once_keys_init(&o, &f.env);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    once_keys_deinit(&o);
    assert_int_equal(f.live, 0);
    assert_int_equal(o.memory, 0);
    return 0;
}

static enum once_result begin(const char *key, uint64_t body, uint64_t now, struct once_key **k)
{
    return once_begin(&o, bytes_of_text(key), body, now, k);
}

static void published(const char *key, uint64_t body, uint64_t now, uint64_t offset)
{
    struct once_key *k;
    const weft_position at = {.epoch = "k3f9a2c1", .offset = offset};
    assert_int_equal(begin(key, body, now, &k), ONCE_FIRST);
    assert_null(once_answer(k, &at));
}

/* ---- answers --------------------------------------------------------------------------------- */

static void the_second_gets_the_first_answer(void **state)
{
    (void)state;
    struct once_key *k;
    published("K", 1, 0, 42);
    assert_int_equal(begin("K", 1, 1000, &k), ONCE_ANSWERED);
    assert_int_equal(k->at.offset, 42);
    assert_string_equal(k->at.epoch, "k3f9a2c1");
    assert_int_equal(begin("K", 1, 1000, &k), ONCE_ANSWERED);
}

static void another_body_is_refused(void **state)
{
    (void)state;
    struct once_key *k;
    published("K", 1, 0, 42);
    assert_int_equal(begin("K", 2, 0, &k), ONCE_OTHER);
    assert_int_equal(begin("K", 1, 0, &k), ONCE_ANSWERED);
    assert_int_equal(begin("L", 1, 0, &k), ONCE_FIRST);
    assert_int_equal(begin("L", 2, 0, &k), ONCE_OTHER); /* under way, too */
}

static void keys_are_bytes(void **state)
{
    (void)state;
    struct once_key *k;
    assert_int_equal(once_begin(&o, LITERAL("ann\0K"), 1, 0, &k), ONCE_FIRST);
    assert_int_equal(once_begin(&o, LITERAL("bob\0K"), 1, 0, &k), ONCE_FIRST);
    assert_int_equal(once_begin(&o, LITERAL("ann\0"), 1, 0, &k), ONCE_FIRST);
    assert_int_equal(once_begin(&o, LITERAL(""), 1, 0, &k), ONCE_FIRST);
    assert_int_equal(once_begin(&o, LITERAL("ann\0K"), 1, 0, &k), ONCE_UNDER_WAY);
    assert_int_equal(once_begin(&o, LITERAL(""), 1, 0, &k), ONCE_UNDER_WAY);
}

/* ---- under way ------------------------------------------------------------------------------- */

static void who_comes_meanwhile_waits(void **state)
{
    (void)state;
    const weft_position at = {.epoch = "k3f9a2c1", .offset = 42};
    struct once_key *first, *second;
    int waiter;
    assert_int_equal(begin("K", 1, 0, &first), ONCE_FIRST);
    assert_int_equal(begin("K", 1, 1, &second), ONCE_UNDER_WAY);
    assert_ptr_equal(first, second);
    second->waiting = &waiter;
    assert_ptr_equal(once_answer(first, &at), &waiter);
    assert_int_equal(begin("K", 1, 2, &second), ONCE_ANSWERED);
    assert_null(second->waiting);
}

static void what_failed_may_be_tried_again(void **state)
{
    (void)state;
    struct once_key *k;
    int waiter;
    assert_int_equal(begin("K", 1, 0, &k), ONCE_FIRST);
    k->waiting = &waiter;
    assert_ptr_equal(once_fail(&o, k), &waiter);
    assert_int_equal(begin("K", 2, 0, &k), ONCE_FIRST);
}

static void what_is_under_way_is_never_forgotten(void **state)
{
    (void)state;
    struct once_key *k, *same;
    assert_int_equal(begin("K", 1, 0, &k), ONCE_FIRST);
    once_expire(&o, 10 * ONCE_MS);
    assert_int_equal(begin("K", 1, 10 * ONCE_MS, &same), ONCE_UNDER_WAY);
    assert_ptr_equal(k, same);
}

/* ---- how long -------------------------------------------------------------------------------- */

static void a_key_is_good_for_five_minutes(void **state)
{
    (void)state;
    struct once_key *k;
    published("K", 1, 1000, 42);
    assert_int_equal(begin("K", 2, 1000 + ONCE_MS - 1, &k), ONCE_OTHER);
    assert_int_equal(begin("K", 2, 1000 + ONCE_MS, &k), ONCE_FIRST);
}

static void the_next_to_be_forgotten_is_known(void **state)
{
    (void)state;
    assert_int_equal(once_expire(&o, 0), UINT64_MAX);
    published("K", 1, 1000, 42);
    published("L", 1, 2000, 43);
    assert_int_equal(once_expire(&o, 2000), 1000 + ONCE_MS);
    assert_int_equal(once_expire(&o, 1000 + ONCE_MS), 2000 + ONCE_MS);
    assert_int_equal(o.n, 1);
    assert_int_equal(once_expire(&o, 2000 + ONCE_MS), UINT64_MAX);
    assert_int_equal(o.n, 0);
    assert_int_equal(o.memory, 0);
    assert_int_equal(f.live, 0);
}

static void the_last_1000_are_remembered(void **state)
{
    (void)state;
    struct once_key *k;
    char key[16];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        published(key, i, i, i);
    }
    assert_int_equal(begin("0", 0, 1000, &k), ONCE_ANSWERED);
    published("one more", 7, 1000, 1000);
    assert_int_equal(o.n, 1000);
    assert_int_equal(begin("1", 1, 1000, &k), ONCE_ANSWERED);
    assert_int_equal(begin("0", 0, 1000, &k), ONCE_FIRST); /* in the place of "1" */
    assert_int_equal(begin("1", 1, 1000, &k), ONCE_FIRST);
}

static void a_thousand_under_way_are_enough(void **state)
{
    (void)state;
    const weft_position at = {.epoch = "k3f9a2c1", .offset = 42};
    struct once_key *k, *some = NULL;
    char key[16];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "%u", i);
        assert_int_equal(begin(key, i, 0, &k), ONCE_FIRST);
        if (i == 500) some = k;
    }
    assert_int_equal(begin("one more", 7, 0, &k), ONCE_FULL);
    assert_int_equal(begin("999", 999, 0, &k), ONCE_UNDER_WAY);
    once_answer(some, &at);
    assert_int_equal(begin("one more", 7, 0, &k),
                     ONCE_FIRST); /* in the place of what is answered */
    assert_int_equal(begin("500", 500, 0, &k), ONCE_FULL);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void memory_is_counted_and_bounded(void **state)
{
    (void)state;
    char key[512];
    memset(key, 'x', sizeof key);
    for (unsigned i = 0; i < 5000; i++) {
        struct once_key *k;
        const weft_position at = {.epoch = "k3f9a2c1", .offset = i};
        memcpy(key, &i, sizeof i);
        assert_int_equal(once_begin(&o, (weft_bytes){(uint8_t *)key, 128}, 1, i, &k), ONCE_FIRST);
        once_answer(k, &at);
        size_t places = o.room * sizeof *o.places;
        assert_int_equal(o.memory, places + o.n * (sizeof *k + 128));
    }
    assert_true(o.memory < 300 << 10);
    once_expire(&o, 10 * ONCE_MS);
    assert_int_equal(o.memory, 0);
}

static void without_memory_nothing_has_changed(void **state)
{
    (void)state;
    struct once_key *k;
    published("K", 1, 0, 42);
    for (int i = 0; i < 7; i++) {
        char key[2] = {(char)('a' + i)};
        published(key, 1, 0, 43);
    }
    size_t memory = o.memory;
    for (long nth = 0; nth < 2; nth++) {
        faulty_from(&f, nth);
        assert_int_equal(begin("one more", 1, 0, &k), ONCE_NO_MEMORY);
        faulty_from(&f, -1);
        assert_int_equal(o.n, 8);
        assert_int_equal(begin("K", 1, 0, &k), ONCE_ANSWERED);
    }
    assert_true(o.memory >= memory);
    assert_int_equal(begin("one more", 1, 0, &k), ONCE_FIRST);
}

/* ---- against a model ------------------------------------------------------------------------- */

enum { NAMES = 40, STEPS = 20000 };

struct model {
    struct once_key *under_way;
    bool answered;
    uint64_t body, since, offset;
};

static void step(struct model *m, unsigned name, uint64_t body, uint64_t now, unsigned what)
{
    struct once_key *k;
    const weft_position at = {.epoch = "k3f9a2c1", .offset = now};
    char key[16];
    snprintf(key, sizeof key, "name %u", name);
    bool known = m->under_way || (m->answered && now - m->since < ONCE_MS);
    if (m->under_way && what == 0) {
        once_answer(m->under_way, &at);
        *m = (struct model){.answered = true, .body = m->body, .since = m->since, .offset = now};
    } else if (m->under_way && what == 1) {
        once_fail(&o, m->under_way);
        *m = (struct model){0};
    } else if (known) {
        enum once_result same = m->under_way ? ONCE_UNDER_WAY : ONCE_ANSWERED;
        assert_int_equal(begin(key, body, now, &k), body == m->body ? same : ONCE_OTHER);
        if (!m->under_way) assert_int_equal(k->at.offset, m->offset);
        else assert_ptr_equal(k, m->under_way);
    } else {
        assert_int_equal(begin(key, body, now, &k), ONCE_FIRST);
        *m = (struct model){.under_way = k, .body = body, .since = now};
    }
}

static void it_does_as_a_simple_one_would(void **state)
{
    (void)state;
    struct model models[NAMES] = {0};
    uint64_t seed = 12345, now = 0;
    for (int i = 0; i < STEPS; i++) {
        unsigned name = roll(&seed, NAMES);
        now += roll(&seed, 5000);
        step(&models[name], name, roll(&seed, 2), now, roll(&seed, 4));
    }
}

/* ---- fingerprints ---------------------------------------------------------------------------- */

static void fingerprints_tell_bodies_apart(void **state)
{
    (void)state;
    uint64_t ab = once_fingerprint(once_fingerprint(0, LITERAL("a")), LITERAL("b"));
    assert_int_equal(ab, once_fingerprint(once_fingerprint(0, LITERAL("a")), LITERAL("b")));
    assert_int_not_equal(ab, once_fingerprint(0, LITERAL("ab")));
    assert_int_not_equal(ab, once_fingerprint(once_fingerprint(0, LITERAL("ab")), LITERAL("")));
    assert_int_not_equal(ab, once_fingerprint(once_fingerprint(0, LITERAL("")), LITERAL("ab")));
    assert_int_not_equal(ab, once_fingerprint(once_fingerprint(0, LITERAL("b")), LITERAL("a")));
    assert_int_not_equal(once_fingerprint(0, LITERAL("\0")), once_fingerprint(0, LITERAL("\0\0")));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_second_gets_the_first_answer),
        TEST(another_body_is_refused),
        TEST(keys_are_bytes),
        TEST(who_comes_meanwhile_waits),
        TEST(what_failed_may_be_tried_again),
        TEST(what_is_under_way_is_never_forgotten),
        TEST(a_key_is_good_for_five_minutes),
        TEST(the_next_to_be_forgotten_is_known),
        TEST(the_last_1000_are_remembered),
        TEST(a_thousand_under_way_are_enough),
        TEST(memory_is_counted_and_bounded),
        TEST(without_memory_nothing_has_changed),
        TEST(it_does_as_a_simple_one_would),
        TEST(fingerprints_tell_bodies_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
