/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_renew.c - another epoch, and everybody is told that he has lost nobody knows what
 */
#include "hub/fake_reader.h"

enum { UNKNOWN = -1 }; /* WEFT_LOST_UNKNOWN, as an event has it */

static void renew(struct world *w)
{
    weft_position before = weft_topic_head(w->topic);
    assert_int_equal(weft_topic_renew(w->topic), 0);
    weft_position after = weft_topic_head(w->topic);
    assert_string_not_equal(before.epoch, after.epoch);
    assert_int_equal(after.offset, before.offset + 1);
}

static const weft_policy policies[] = {WEFT_POLICY_QUEUE, WEFT_POLICY_LATEST,
                                       WEFT_POLICY_LATEST_KEY, WEFT_POLICY_DROP_OLDEST,
                                       WEFT_POLICY_DISCONNECT};

static void test_who_keeps_up(void **state)
{
    (void)state;
    struct world w;
    for (size_t i = 0; i < countof(policies); i++) {
        const weft_topic_settings s = {.policy = policies[i], .history_items = 10};
        world_init(&w, &s);
        struct fake *f = fake_begin(&w, -1);
        world_publish(&w, 3);
        renew(&w);
        world_turn(&w, 2);
        world_publish(&w, 1);
        world_turn(&w, 2);
        expect_told(f, 1, 3);
        expect(f, LOST, 4, UNKNOWN);
        expect(f, TOLD, 5, 0);
        fake_free(f);
        world_free(&w);
    }
}

/* Something is published before he has heard of it. */
static void test_at_once(void **state)
{
    (void)state;
    struct world w;
    for (size_t i = 0; i < countof(policies); i++) {
        const weft_topic_settings s = {.policy = policies[i], .history_items = 10};
        world_init(&w, &s);
        struct fake *f = fake_begin(&w, -1);
        renew(&w);
        renew(&w);
        world_publish(&w, 1);
        world_turn(&w, 3);
        expect(f, LOST, 2, UNKNOWN);
        expect(f, TOLD, 3, 0);
        fake_free(f);
        world_free(&w);
    }
}

static void test_who_is_behind(void **state)
{
    (void)state;
    struct world w;
    for (size_t i = 0; i < countof(policies) - 1; i++) {
        const weft_topic_settings s = {.policy = policies[i], .history_items = 10};
        world_init(&w, &s);
        struct fake *f = fake_begin(&w, 1);
        world_publish(&w, 3);
        renew(&w);
        world_publish(&w, 2);
        world_turn(&w, 2);
        expect(f, TOLD, 1, 0);
        expect_no_more(f);
        fake_drain(f, -1);
        world_turn(&w, 3);
        expect(f, LOST, 4, UNKNOWN);
        if (policies[i] == WEFT_POLICY_LATEST || policies[i] == WEFT_POLICY_LATEST_KEY)
            expect(f, TOLD, 6, 1);
        else expect_told(f, 5, 6);
        fake_free(f);
        world_free(&w);
    }
}

static void test_who_comes(void **state)
{
    (void)state;
    struct world w;
    weft_seek seek;
    const weft_topic_settings s = {.history_items = 10};
    world_init(&w, &s);
    world_publish(&w, 3);
    weft_position old = weft_topic_head(w.topic);
    renew(&w);
    world_publish(&w, 2);
    weft_topic_seek(w.topic, &(weft_since){.position = &old}, &seek);
    assert_int_equal(seek.at.offset, 4);
    assert_true(seek.lost == WEFT_LOST_UNKNOWN);
    weft_topic_seek(w.topic, &(weft_since){.last = WEFT_NEVER}, &seek);
    assert_int_equal(seek.at.offset, 4);
    assert_int_equal(seek.lost, 0);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_LOST), 0); /* nobody can count it */
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_keeps_up),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_who_is_behind),
        cmocka_unit_test(test_who_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
