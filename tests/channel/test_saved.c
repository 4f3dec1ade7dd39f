/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_saved.c - what was published under a key is answered by the next process as by the one before
 */
#include "channel/live.h"

static struct live live;

static struct {
    uint8_t bytes[1 << 16];
    size_t len;
} saved;

static int put(const void *data, size_t len, void *user)
{
    (void)user;
    assert_true(saved.len + len <= sizeof saved.bytes);
    memcpy(saved.bytes + saved.len, data, len);
    saved.len += len;
    return 0;
}

static void save(void)
{
    saved.len = 0;
    assert_int_equal(weft_channels_save(live.channels, put, NULL), 0);
}

static int restore(size_t len)
{
    return weft_channels_restore(live.channels, (weft_bytes){saved.bytes, len});
}

/* The position that publishing under a key says. */
static const char *publish(const char *key, const char *body, int status)
{
    static char place[512];
    struct raw *answer;
    char field[64];
    snprintf(field, sizeof field, "Idempotency-Key: \"%s\"\r\n", key);
    assert_int_equal(live_ask(&live, "POST", "/chat", field, body, &answer), status);
    snprintf(place, sizeof place, "%s", raw_body(answer));
    return place;
}

static void test_keys_are_remembered(void **state)
{
    (void)state;
    char first[512], second[512];
    live_begin(&live, NULL);
    snprintf(first, sizeof first, "%s", publish("one", "a", 200));
    snprintf(second, sizeof second, "%s", publish("two", "b", 200));
    save();
    live_end(&live);
    live_begin(&live, NULL);
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(publish("two", "b", 200), second);
    assert_string_equal(publish("one", "a", 200), first);
    publish("one", "another", 422);
    assert_string_not_equal(publish("three", "c", 200), second);
    live_end(&live);
}

/* For five minutes in all, whatever the processes' clocks say. */
static void test_keys_grow_old(void **state)
{
    (void)state;
    char first[512];
    live_begin(&live, NULL);
    snprintf(first, sizeof first, "%s", publish("one", "a", 200));
    pass(&live.w, 4 * 60 * 1000);
    save();
    live_end(&live);
    live_begin(&live, NULL);
    assert_int_equal(restore(saved.len), 0);
    assert_string_equal(publish("one", "a", 200), first);
    pass(&live.w, 61 * 1000);
    assert_string_not_equal(publish("one", "a", 200), first);
    live_end(&live);
}

static void test_broken(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    publish("one", "a", 200);
    save();
    live_end(&live);
    live_begin(&live, NULL);
    for (size_t len = 0; len < saved.len; len++) assert_int_equal(restore(len), -EINVAL);
    saved.bytes[4]++;
    assert_int_equal(restore(saved.len), -ENOTSUP);
    assert_int_equal(weft_topics(live.hub), 0);
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_remembered),
        cmocka_unit_test(test_keys_grow_old),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
