/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_raw.c - what a raw WebSocket says: published at once, or when it is its turn
 *
 * (With a store that answers late: test_store_late.c.)
 */
#include "channel/live.h"

static struct live live;
static weft_topic *topic; /* takes nothing, until its reader reads */
static struct raw *reader;

static int begin(void **state)
{
    (void)state;
    live_begin(&live, &live_slow);
    topic = live_busy_topic(&live, &reader);
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_topic_unref(topic);
    raw_free(reader);
    live_end(&live);
    return 0;
}

static struct raw *open_raw(void)
{
    return live_open(&live, "/chat?subscribe=no");
}

static uint64_t head(void)
{
    return weft_topic_head(topic).offset;
}

static void expect_entry(uint64_t offset, const char *text)
{
    const weft_entry *e;
    weft_seek seek;
    weft_position before = weft_topic_head(topic);
    before.offset = offset - 1;
    assert_int_equal(weft_topic_read(topic, &(weft_since){.position = &before}, &e, 1, &seek, NULL),
                     1);
    weft_bytes payload = weft_message_payload(e->message);
    assert_int_equal(payload.len, strlen(text));
    assert_memory_equal(payload.data, text, payload.len);
    weft_entry_unref(e);
}

/* ---- at once --------------------------------------------------------------------------------- */

static void test_at_once(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = open_raw();
    assert_int_equal(weft_topic_get(&topic, live.hub, (weft_bytes){(const uint8_t *)"/chat", 5}),
                     0);
    for (int i = 0; i < 50; i++) raw_text(r, i % 2 ? "odd" : "even");
    turn_until(&live.w, head() == 50);
    expect_entry(49, "even");
    expect_entry(50, "odd");
    weft_topic_unref(topic);
    raw_free(r);
    live_end(&live);
}

/* ---- in line --------------------------------------------------------------------------------- */

/* However long; the others of it wait behind it, unread. */
static void test_in_line(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    uint64_t before = head();
    raw_text(r, "a");
    raw_text(r, "b");
    raw_text(r, "c");
    pass(&live.w, 6000);
    assert_int_equal(head(), before);
    assert_string_equal(raw_frames(r), "");
    turn_until(&live.w, (raw_read(reader), head() == before + 3));
    expect_entry(before + 1, "a");
    expect_entry(before + 2, "b");
    expect_entry(before + 3, "c");
    raw_free(r);
}

/* Who posts is refused when his time is over; who is raw is held up instead. */
static void test_others_wait_less_long(void **state)
{
    (void)state;
    struct raw *r = open_raw(), *post = raw_connect(&live.w);
    uint64_t before = head();
    raw_text(r, "a");
    raw_say(post, "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nb");
    settle(&live.w);
    assert_int_equal(raw_status(post), 0);
    pass(&live.w, 5001);
    assert_int_equal(raw_status(post), 503);
    turn_until(&live.w, (raw_read(reader), head() == before + 1));
    expect_entry(before + 1, "a");
    raw_free(r);
    raw_free(post);
}

/* What he has in line goes with him. */
static void test_gone(void **state)
{
    (void)state;
    struct raw *a = open_raw(), *b = open_raw();
    uint64_t before = head();
    raw_text(a, "a");
    settle(&live.w);
    raw_text(b, "b");
    settle(&live.w);
    raw_reset(a);
    settle(&live.w);
    turn_until(&live.w, (raw_read(reader), head() > before));
    settle(&live.w);
    assert_int_equal(head(), before + 1);
    expect_entry(before + 1, "b");
    raw_free(a);
    raw_free(b);
}

static void test_server_gone(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_text(r, "a");
    settle(&live.w);
    weft_server_free(live.w.server);
    live.w.server = NULL;
    raw_free(r);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    uint64_t before = head();
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        assert_true(nth < 40);
        struct raw *r = open_raw();
        world_fail_at(&live.w, nth);
        raw_text(r, "a");
        settle(&live.w);
        failed = live.w.asked > nth;
        world_fail_at(&live.w, -1);
        settle(&live.w);
        if (!raw_ended(r)) assert_int_equal(head(), before);
        if (!failed) assert_string_equal(raw_frames(r), "");
        raw_free(r);
        settle(&live.w);
    }
    assert_int_equal(head(), before);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once),   unit(test_in_line),
        unit(test_others_wait_less_long), unit(test_gone),
        unit(test_server_gone),           unit(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
