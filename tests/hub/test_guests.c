/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_guests.c - those who come now and then are readers for a while
 */
#include "hub/guests.h"

#include "hub/fake_reader.h"

enum { SECOND = GUESTS_PERIOD_US };

static void test_periods(void **state)
{
    (void)state;
    struct guests g = {0};
    assert_false(guests_any(&g));
    guests_come(&g, 7, 5 * SECOND);
    guests_come(&g, 9, 5 * SECOND);
    assert_int_equal(guests_need(&g, 5 * SECOND), 7);
    assert_int_equal(guests_need(&g, 6 * SECOND), 7); /* the next period */
    guests_come(&g, 8, 6 * SECOND + 1);
    assert_int_equal(guests_need(&g, 6 * SECOND + 2), 7);
    assert_int_equal(guests_need(&g, 7 * SECOND), 8);
    guests_come(&g, 20, 7 * SECOND);
    assert_int_equal(guests_need(&g, 9 * SECOND), 0); /* both are over */
    assert_false(guests_any(&g));
}

static void test_a_clock_that_goes_back(void **state)
{
    (void)state;
    struct guests g = {0};
    guests_come(&g, 7, 5 * SECOND);
    assert_int_equal(guests_need(&g, 4 * SECOND), 7);
}

/* 68 bytes a message. */
static const weft_topic_settings slow = {.window_bytes = 68000, .pace = 100000};

static size_t read_after(struct world *w, uint64_t offset, uint64_t *lost)
{
    static const weft_entry *entries[2000];
    weft_position at = weft_topic_head(w->topic);
    weft_seek seek;
    at.offset = offset;
    size_t n =
        weft_topic_read(w->topic, &(weft_since){.position = &at}, entries, 2000, &seek, NULL);
    for (size_t i = 0; i < n; i++) weft_entry_unref(entries[i]);
    *lost = seek.lost;
    return n;
}

/* Nothing is kept, but for him; and he is waited for, but not longer than he may be away. */
static void test_window_and_pace(void **state)
{
    (void)state;
    struct world w;
    uint64_t lost;
    world_init(&w, &slow);
    assert_int_equal(world_try(&w, "text", NULL), 0);
    weft_topic_expect(w.topic, 1);
    while (world_try(&w, "text", NULL) == 0) continue;
    assert_int_equal(world_head(&w), 502);
    assert_int_equal(read_after(&w, 1, &lost), 501);
    assert_int_equal(lost, 0);
    w.now += SECOND;
    weft_topic_expect(w.topic, 502); /* he has read all; a second later that alone counts */
    w.now += SECOND;
    for (int i = 0; i < 400; i++) assert_int_equal(world_try(&w, "text", NULL), 0);
    assert_int_equal(read_after(&w, 502, &lost), 400);
    assert_int_equal(lost, 0);
    w.now += 2 * SECOND;
    assert_int_equal(read_after(&w, 502, &lost), 0);
    assert_int_equal(lost, 400);
    world_free(&w);
}

/* What is lost already holds nobody up; the rest is kept as far as the window reaches. */
static void test_too_late(void **state)
{
    (void)state;
    struct world w;
    uint64_t lost;
    world_init(&w, &slow);
    for (int i = 0; i < 100; i++) assert_int_equal(world_try(&w, "text", NULL), 0);
    weft_topic_expect(w.topic, 3);
    for (int i = 0; i < 900; i++) assert_int_equal(world_try(&w, "text", NULL), 0);
    assert_int_equal(read_after(&w, 3, &lost), 900);
    assert_int_equal(lost, 97);
    world_free(&w);
}

static void test_other_policies(void **state)
{
    (void)state;
    struct world w;
    uint64_t lost;
    const weft_topic_settings latest = {.policy = WEFT_POLICY_LATEST};
    world_init(&w, &latest);
    assert_int_equal(world_try(&w, "text", NULL), 0);
    weft_topic_expect(w.topic, 0);
    assert_int_equal(world_try(&w, "text", NULL), 0);
    assert_int_equal(read_after(&w, 0, &lost), 0);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),         cmocka_unit_test(test_a_clock_that_goes_back),
        cmocka_unit_test(test_window_and_pace), cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_other_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
