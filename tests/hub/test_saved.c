/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_saved.c - topics go from one hub to the next, or, if what is handed on is broken, not at all
 */
#include "hub/fake_reader.h"

static struct world old, next;

static struct {
    uint8_t bytes[1 << 20];
    size_t len;
    long fail_at; /* the call of put that fails; -1: none */
} saved;

static int put(const void *data, size_t len, void *user)
{
    assert_ptr_equal(user, &saved);
    assert_true(saved.len + len <= sizeof saved.bytes);
    if (saved.fail_at-- == 0) return -ENOSPC;
    memcpy(saved.bytes + saved.len, data, len);
    saved.len += len;
    return 0;
}

static int save(struct world *w)
{
    saved.len = 0;
    saved.fail_at = -1;
    return weft_hub_save(w->hub, put, &saved);
}

static int restore(size_t len)
{
    /* Exactly as long: whoever reads past the end is caught. */
    uint8_t *exact = malloc(len + !len);
    assert_non_null(exact);
    memcpy(exact, saved.bytes, len);
    int error = weft_hub_restore(next.hub, (weft_bytes){exact, len});
    free(exact);
    return error;
}

/* Another epoch than the next world's own, which its random would repeat. */
static void begin(const weft_topic_settings *s)
{
    world_init(&old, s);
    world_init(&next, s);
    assert_int_equal(weft_topic_renew(old.topic), 0);
}

static void end(void)
{
    world_free(&old);
    world_free(&next);
}

static const char *all(struct world *w)
{
    static char text[1024];
    const weft_entry *entries[64];
    weft_seek seek;
    const weft_since since = {.last = WEFT_NEVER};
    size_t n = weft_topic_read(w->topic, &since, entries, countof(entries), &seek, NULL);
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        weft_bytes said = weft_message_payload(entries[i]->message);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d%.*s=%.*s ",
                 (int)entries[i]->offset, (int)entries[i]->key.len,
                 (const char *)entries[i]->key.data, (int)said.len, (const char *)said.data);
        assert_true(entries[i]->time > 0);
        weft_entry_unref(entries[i]);
    }
    return text;
}

/* Whoever was anywhere goes on as he would have. */
static void assert_same_places(uint64_t up_to)
{
    for (uint64_t offset = 0; offset <= up_to; offset++) {
        weft_position p = world_position(&old, offset);
        const weft_since since = {.position = &p};
        weft_seek before, after;
        weft_topic_seek(old.topic, &since, &before);
        weft_topic_seek(next.topic, &since, &after);
        assert_memory_equal(&before.at, &after.at, sizeof after.at);
        assert_memory_equal(&before.head, &after.head, sizeof after.head);
        assert_int_equal(before.lost, after.lost);
    }
}

static void test_the_next_one_goes_on(void **state)
{
    (void)state;
    begin(&(weft_topic_settings){.history_items = 3, .stub_ms = 1000});
    for (int i = 0; i < 5; i++)
        assert_int_equal(world_try(&old, (char[]){(char)('a' + i), 0}, NULL), 0);
    assert_int_equal(save(&old), 0);
    assert_string_not_equal(weft_topic_epoch(old.topic), weft_topic_epoch(next.topic));
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(weft_topic_epoch(old.topic), weft_topic_epoch(next.topic));
    assert_string_equal(all(&next), "4=c 5=d 6=e ");
    assert_same_places(7);
    assert_int_equal(world_try(&next, "f", NULL), 0);
    assert_string_equal(all(&next), "5=d 6=e 7=f ");
    end();
}

static void test_the_newest_of_each_key(void **state)
{
    (void)state;
    static const char *const said[][2] = {{"1", "a"}, {"2", "b"}, {"3", "a"},
                                          {"4", "c"}, {"5", "d"}, {"6", "d"}};
    begin(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY, .history_items = 2});
    for (size_t i = 0; i < countof(said); i++)
        assert_int_equal(world_try(&old, said[i][0], said[i][1]), 0);
    assert_string_equal(all(&old), "3b=2 4a=3 5c=4 7d=6 ");
    assert_int_equal(save(&old), 0);
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(all(&next), "3b=2 4a=3 5c=4 7d=6 ");
    assert_same_places(8);
    assert_int_equal(world_try(&next, "7", "b"), 0);
    assert_string_equal(all(&next), "4a=3 5c=4 7d=6 8b=7 ");
    end();
}

static void test_the_newest(void **state)
{
    (void)state;
    begin(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST, .history_items = 3});
    world_publish(&old, 5);
    assert_int_equal(save(&old), 0);
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(all(&next), "6=text ");
    assert_same_places(7);
    end();
}

/* A policy may have changed between the two. */
static void test_other_settings(void **state)
{
    (void)state;
    static const weft_topic_settings by_key = {.policy = WEFT_POLICY_LATEST_KEY,
                                               .history_items = 1},
                                     queue = {.history_items = 1};
    world_init(&old, &by_key);
    world_init(&next, &queue);
    assert_int_equal(world_try(&old, "1", "a"), 0);
    assert_int_equal(world_try(&old, "2", "b"), 0);
    assert_int_equal(save(&old), 0);
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(all(&next), "2b=2 ");
    end();
}

static void test_a_stub_and_an_empty_hub(void **state)
{
    (void)state;
    begin(&(weft_topic_settings){.stub_ms = 100000});
    world_publish(&old, 9);
    assert_int_equal(save(&old), 0);
    assert_int_equal(restore(saved.len), 0);
    assert_same_places(10);
    world_free(&old);
    world_init(&old, NULL);
    weft_topic_unref(old.topic);
    assert_int_equal(save(&old), 0);
    assert_int_equal(saved.len, 9);
    assert_int_equal(restore(saved.len), 0);
    old.topic = NULL;
    end();
}

static void test_what_is_in_use_stays(void **state)
{
    (void)state;
    begin(&(weft_topic_settings){.history_items = 3});
    world_publish(&old, 2);
    assert_int_equal(world_try(&next, "mine", NULL), 0);
    assert_int_equal(save(&old), 0);
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(all(&next), "1=mine ");
    end();
}

/* ---- broken ---------------------------------------------------------------------------------- */

static void assert_untouched(void)
{
    assert_int_equal(world_head(&next), 0);
    assert_string_not_equal(weft_topic_epoch(old.topic), weft_topic_epoch(next.topic));
}

static void save_some(void)
{
    begin(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY, .history_items = 2});
    assert_int_equal(world_try(&old, "1", "a"), 0);
    assert_int_equal(world_try(&old, "2", "b"), 0);
    assert_int_equal(world_try(&old, "3", "c"), 0);
    assert_int_equal(save(&old), 0);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    save_some();
    for (size_t len = 0; len < saved.len; len++) {
        assert_int_equal(restore(len), -EINVAL);
        assert_untouched();
    }
    saved.bytes[saved.len] = 0;
    assert_int_equal(restore(saved.len + 1), -EINVAL);
    assert_untouched();
    end();
}

/* Any byte may be any other: nobody reads or writes where he should not, and all is or nothing is. */
static void test_any_byte_is_another(void **state)
{
    (void)state;
    save_some();
    size_t len = saved.len;
    for (size_t i = 0; i < len; i++) {
        uint8_t was = saved.bytes[i];
        saved.bytes[i] = (uint8_t)(was ^ 0x81);
        int error = restore(len);
        assert_true(error == 0 || error == -EINVAL || error == -ENOTSUP);
        saved.bytes[i] = was;
        world_free(&next);
        world_init(&next, weft_topic_settings_of(old.topic));
    }
    end();
}

static void test_another_version(void **state)
{
    (void)state;
    save_some();
    saved.bytes[4]++;
    assert_int_equal(restore(saved.len), -ENOTSUP);
    assert_untouched();
    end();
}

static void test_who_writes_may_fail(void **state)
{
    (void)state;
    int error = -ENOSPC;
    save_some();
    for (long nth = 0; error; nth++) {
        saved.len = 0;
        saved.fail_at = nth;
        error = weft_hub_save(old.hub, put, &saved);
        assert_true(error == -ENOSPC || !error);
    }
    end();
}

/* No offset is given a second time. */
static void test_out_of_memory(void **state)
{
    (void)state;
    int error = -ENOMEM;
    save_some();
    for (long nth = 0; error; nth++) {
        world_free(&next);
        world_init(&next, weft_topic_settings_of(old.topic));
        faulty_from(&next.faulty, nth);
        error = restore(saved.len);
        assert_true(error == -ENOMEM || !error);
        faulty_from(&next.faulty, -1);
        if (!strcmp(weft_topic_epoch(next.topic), weft_topic_epoch(old.topic)))
            assert_int_equal(world_head(&next), world_head(&old));
    }
    error = -ENOMEM;
    for (long nth = 0; error; nth++) {
        saved.len = 0;
        faulty_from(&old.faulty, nth);
        error = weft_hub_save(old.hub, put, &saved);
        assert_true(error == -ENOMEM || !error);
    }
    faulty_from(&old.faulty, -1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_next_one_goes_on),
        cmocka_unit_test(test_the_newest_of_each_key),
        cmocka_unit_test(test_the_newest),
        cmocka_unit_test(test_other_settings),
        cmocka_unit_test(test_a_stub_and_an_empty_hub),
        cmocka_unit_test(test_what_is_in_use_stays),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_any_byte_is_another),
        cmocka_unit_test(test_another_version),
        cmocka_unit_test(test_who_writes_may_fail),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
