/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_publish_all.c - many messages in a row, or none of them
 */
#include "hub/fake_reader.h"

enum { MANY = 5 };

/* All of them, with the letters of keys as keys; NULL: none has one. */
static int try_all(struct world *w, const char *text, const char *keys, weft_position *at)
{
    weft_message *m[MANY] = {0};
    weft_bytes key[MANY] = {0};
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(weft_message_new(&m[i], NULL, WEFT_TEXT, text + i, 1), 0);
        key[i] = keys ? (weft_bytes){(const uint8_t *)keys + i, keys[i] != '-'} : (weft_bytes){0};
    }
    int error = weft_topic_publish_all(w->topic, m, keys ? key : NULL, n, at);
    for (size_t i = 0; i < n; i++) weft_message_unref(m[i]);
    return error;
}

/* What is kept, "abc". */
static const char *kept(struct world *w)
{
    static char text[256];
    const weft_entry *entries[100];
    weft_seek seek;
    size_t n =
        weft_topic_read(w->topic, &(weft_since){.last = WEFT_NEVER}, entries, 100, &seek, NULL);
    for (size_t i = 0; i < n; i++) {
        text[i] = (char)weft_message_payload(entries[i]->message).data[0];
        weft_entry_unref(entries[i]);
    }
    text[n] = '\0';
    return text;
}

static const weft_topic_settings keeps = {.history_items = 100};
static const weft_topic_settings by_key = {
    .policy = WEFT_POLICY_LATEST_KEY, .history_items = 100, .max_keys = 3};

/* ---- all ------------------------------------------------------------------------------------- */

static void test_in_a_row(void **state)
{
    (void)state;
    struct world w;
    weft_position at;
    world_init(&w, &keeps);
    struct fake *f = fake_begin(&w, -1);
    assert_int_equal(try_all(&w, "abc", NULL, &at), 0);
    assert_int_equal(at.offset, 3);
    assert_string_equal(at.epoch, weft_topic_epoch(w.topic));
    assert_int_equal(try_all(&w, "d", NULL, NULL), 0);
    assert_int_equal(world_head(&w), 4);
    world_turn(&w, 3);
    expect_told(f, 1, 4);
    expect_no_more(f);
    assert_string_equal(kept(&w), "abcd");
    fake_free(f);
    world_free(&w);
}

static void test_keys(void **state)
{
    (void)state;
    static const weft_topic_settings tight = {
        .policy = WEFT_POLICY_LATEST_KEY, .history_items = 100, .max_keys = 4};
    struct world w;
    world_init(&w, &tight);
    assert_int_equal(try_all(&w, "12345", "xyx-x", NULL),
                     0); /* within it, too, the newest counts */
    assert_string_equal(kept(&w), "245");
    assert_int_equal(try_all(&w, "67", "yz", NULL), 0);
    assert_string_equal(kept(&w), "4567");
    /* As many as there may be: one that is twice among them is one. */
    assert_int_equal(try_all(&w, "89", "vv", NULL), -ENOSPC);
    assert_int_equal(try_all(&w, "89AB", "xyzx", NULL), 0);
    assert_string_equal(kept(&w), "49AB");
    world_free(&w);
    world_init(&w, &tight);
    assert_int_equal(try_all(&w, "1", "p", NULL), 0);
    assert_int_equal(try_all(&w, "23456", "qrsqr", NULL), 0);
    assert_string_equal(kept(&w), "1456");
    world_free(&w);
}

/* ---- none ------------------------------------------------------------------------------------ */

static void test_errors(void **state)
{
    (void)state;
    struct world w;
    weft_position at = {.offset = 7};
    char long_key[65];
    weft_message *m;
    memset(long_key, 'k', sizeof long_key);
    world_init(&w, &keeps);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "x", 1), 0);
    const weft_bytes key = {(const uint8_t *)long_key, sizeof long_key};
    assert_int_equal(weft_topic_publish_all(w.topic, &m, &key, 1, &at), -EINVAL);
    assert_int_equal(weft_topic_publish_all(w.topic, &m, NULL, 0, &at), -EINVAL);
    assert_int_equal(weft_topic_publish_all(w.topic, &m, NULL, 65536, &at), -EINVAL);
    weft_message_unref(m);
    assert_int_equal(at.offset, 7);
    assert_int_equal(world_head(&w), 0);
    world_free(&w);
}

static void test_one_key_too_many(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &by_key);
    assert_int_equal(try_all(&w, "12", "ab", NULL), 0);
    assert_int_equal(try_all(&w, "345", "acd", NULL), -ENOSPC);
    assert_string_equal(kept(&w), "12"); /* the first of them is not there either */
    assert_int_equal(world_head(&w), 2);
    assert_int_equal(try_all(&w, "345", "aca", NULL), 0);
    assert_string_equal(kept(&w), "245");
    world_free(&w);
}

/* Above the pace nobody gets any of them. */
static void test_above_the_pace(void **state)
{
    (void)state;
    static const weft_topic_settings paced = {.window_bytes = 4000, .pace = 1000};
    struct world w;
    int error;
    unsigned n = 0;
    world_init(&w, &paced);
    struct fake *f = fake_begin(&w, 0);
    while ((error = try_all(&w, "abcde", NULL, NULL)) == 0) n++;
    assert_int_equal(error, WEFT_ERR_BACKLOG);
    assert_int_equal(world_head(&w), n * 5);
    fake_free(f);
    world_free(&w);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    int error = -ENOMEM;
    for (long nth = 0; error; nth++) {
        struct world w;
        world_init(&w, &by_key);
        assert_int_equal(try_all(&w, "1", "a", NULL), 0);
        faulty_from(&w.faulty, nth);
        error = try_all(&w, "2345", "abca", NULL);
        faulty_from(&w.faulty, -1);
        if (error) assert_int_equal(error, -ENOMEM);
        assert_string_equal(kept(&w), error ? "1" : "345");
        assert_int_equal(world_head(&w), error ? 1 : 5);
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_a_row),       cmocka_unit_test(test_keys),
        cmocka_unit_test(test_errors),         cmocka_unit_test(test_one_key_too_many),
        cmocka_unit_test(test_above_the_pace), cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
