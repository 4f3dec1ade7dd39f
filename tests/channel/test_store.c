/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_store.c - publishing once, and how many may wait
 */
#include "channel/live.h"
#include "channel/store.h"

static struct live live;

#define POSITION(at) "{\"position\":\"E." at "\"}\n"
#define ONCE(key)    "Idempotency-Key: " key "\r\n"

static void test_once(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_answer(&live, "POST", "/chat", ONCE("k"), "a", 200, POSITION("1"));
    assert_answer(&live, "POST", "/chat", ONCE("k"), "a", 200, POSITION("1"));
    assert_int_equal(live_ask(&live, "POST", "/chat", ONCE("k"), "b", NULL), 422);
    assert_int_equal(live_ask(&live, "POST", "/chat", ONCE("k") "Weft-Key: x\r\n", "a", NULL), 422);
    assert_int_equal(live_ask(&live, "POST", "/chat",
                              ONCE("k") "Content-Type: application/octet-stream\r\n", "a", NULL),
                     422);
    assert_answer(&live, "POST", "/chat", ONCE("l"), "a", 200, POSITION("2"));
    assert_int_equal(live_ask(&live, "POST", "/other", ONCE("k"), "b", NULL), 200);
    live_end(&live);
}

/* Who says another name means another message, by whichever transport. */
static void test_once_of_each(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_answer(&live, "POST", "/chat?client=ann", ONCE("k"), "a", 200, POSITION("1"));
    assert_answer(&live, "POST", "/chat?client=bob", ONCE("k"), "a", 200, POSITION("2"));
    assert_answer(&live, "POST", "/chat", ONCE("k"), "b", 200, POSITION("3"));
    assert_answer(&live, "POST", "/chat?client=%61nn", ONCE("k"), "a", 200, POSITION("1"));
    assert_int_equal(live_ask(&live, "POST", "/chat?client=bob", ONCE("k"), "b", NULL), 422);
    struct raw *r = raw_connect(&live.w);
    assert_int_equal(
        raw_ask(&live.w, r,
                UPGRADE("/chat?client=ann&subscribe=no", "Sec-WebSocket-Protocol: weft.v1\r\n")),
        101);
    raw_text(r, "{\"id\":1,\"publish\":\"/chat\",\"data\":\"a\",\"once\":\"k\"}");
    turn_until(&live.w, raw_heard(r, "{\"id\":1,\"ok\":"));
    assert_non_null(strstr(tidy(&live, "/chat", strstr(r->got, "{\"id\":1")), "\"E.1\""));
    raw_forget(r);
    /* Nobody is told apart from a name that goes on in his key. */
    raw_text(r, "{\"id\":2,\"publish\":\"/chat\",\"data\":\"a\",\"once\":\"ann\\u0000k\"}");
    turn_until(&live.w, raw_heard(r, "{\"id\":2,"));
    raw_free(r);
    assert_answer(&live, "POST", "/chat", ONCE("annk"), "c", 200, POSITION("5"));
    live_end(&live);
}

static void test_forgotten(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_answer(&live, "POST", "/chat", ONCE("k"), "a", 200, POSITION("1"));
    pass(&live.w, 5 * 60 * 1000 - 100);
    assert_answer(&live, "POST", "/chat", ONCE("k"), "a", 200, POSITION("1"));
    pass(&live.w, 200);
    assert_answer(&live, "POST", "/chat", ONCE("k"), "a", 200, POSITION("2"));
    live_end(&live);
}

/* ---- the store alone ------------------------------------------------------------------------- */

struct told {
    struct parcel parcel;
    weft_message *message;
    bool done;
};

static const weft_bytes no_key;

static void on_done(struct parcel *p)
{
    struct told *t = (struct told *)p;
    t->done = true;
}

static void hand_in(struct told *t, weft_topic *topic, const char *text, const char *once)
{
    *t = (struct told){0};
    assert_int_equal(weft_message_new(&t->message, NULL, WEFT_TEXT, text, strlen(text)), 0);
    t->parcel = (struct parcel){
        .channels = live.channels,
        .topic = topic,
        .loop = live.w.loop,
        .messages = &t->message,
        .keys = &no_key,
        .n = 1,
        .once = {(const uint8_t *)once, strlen(once)},
        .on_done = on_done,
    };
    store_publish(&t->parcel);
    assert_false(t->done); /* later, always */
}

static void told_free(struct told *t)
{
    weft_message_unref(t->message);
}

/* Those who say the same while the first one waits have his answer: a position, or none. */
static void test_under_way(void **state)
{
    (void)state;
    struct raw *reader;
    struct told a, b, c;
    for (int in_vain = 0; in_vain < 2; in_vain++) {
        live_begin(&live, &live_slow);
        weft_topic *t = live_busy_topic(&live, &reader);
        hand_in(&a, t, "a", "k");
        hand_in(&b, t, "a", "k");
        hand_in(&c, t, "b", "k");
        settle(&live.w);
        assert_true(!a.done && !b.done && c.done);
        assert_int_equal(c.parcel.error, STORE_OTHER);
        if (in_vain) pass(&live.w, 5001);
        else turn_until(&live.w, (raw_read(reader), a.done));
        settle(&live.w);
        assert_true(a.done && b.done);
        assert_int_equal(a.parcel.error, in_vain ? WEFT_ERR_BACKLOG : 0);
        assert_int_equal(b.parcel.error, a.parcel.error);
        assert_int_equal(b.parcel.at.offset, a.parcel.at.offset);
        told_free(&a), told_free(&b), told_free(&c);
        weft_topic_unref(t);
        raw_free(reader);
        live_end(&live);
    }
}

static void test_how_many_wait(void **state)
{
    (void)state;
    static struct told told[1001];
    struct raw *reader;
    live_begin(&live, &live_slow);
    weft_topic *t = live_busy_topic(&live, &reader);
    for (size_t i = 0; i < countof(told); i++) hand_in(&told[i], t, "a", "");
    settle(&live.w);
    assert_false(told[0].done || told[999].done);
    assert_true(told[1000].done);
    assert_int_equal(told[1000].parcel.error, WEFT_ERR_BACKLOG);
    turn_until(&live.w, (raw_read(reader), told[999].done));
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(told[i].parcel.error, 0);
        assert_int_equal(told[i].parcel.at.offset, told[0].parcel.at.offset + i);
    }
    for (size_t i = 0; i < countof(told); i++) told_free(&told[i]);
    weft_topic_unref(t);
    raw_free(reader);
    live_end(&live);
}

/* What is under way holds the channels beyond their end; who waits then is told at once, and nothing is published. */
static void test_the_end(void **state)
{
    (void)state;
    struct raw *reader;
    struct told a, b;
    live_begin(&live, &live_slow);
    weft_topic *t = live_busy_topic(&live, &reader);
    hand_in(&a, t, "a", "k");
    hand_in(&b, t, "b", "");
    settle(&live.w);
    assert_true(!a.done && !b.done);
    weft_position before = weft_topic_head(t);
    channels_ref(live.channels);
    weft_server_free(live.w.server);
    live.w.server = NULL;
    weft_channels_free(live.channels);
    settle(&live.w);
    assert_true(a.done && b.done);
    assert_int_equal(a.parcel.error, WEFT_ERR_CLOSED);
    assert_int_equal(b.parcel.error, WEFT_ERR_CLOSED);
    assert_int_equal(weft_topic_head(t).offset, before.offset);
    told_free(&a);
    told_free(&b);
    weft_topic_unref(t);
    raw_free(reader);
    channels_unref(live.channels);
    world_end(&live.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),          cmocka_unit_test(test_once_of_each),
        cmocka_unit_test(test_forgotten),     cmocka_unit_test(test_under_way),
        cmocka_unit_test(test_how_many_wait), cmocka_unit_test(test_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
