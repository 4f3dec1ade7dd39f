/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_store_late.c - a store that answers late, in another order than it was asked, or no; and one that
 * loses what it has confirmed, and begins another epoch
 */
#include "channel/channels.h"
#include "channel/live.h"
#include "channel/store.h"

static struct live live;

enum { MANY = 16 };

static struct late {
    struct store store;
    struct parcel *asked[MANY];
    int n;
} late;

static void take(const struct store *s, struct parcel *p)
{
    assert_ptr_equal(s, &late.store);
    assert_true(late.n < MANY);
    late.asked[late.n++] = p;
}

static struct parcel *nth(int n)
{
    assert_true(n < late.n);
    struct parcel *p = late.asked[n];
    late.asked[n] = late.asked[--late.n]; /* the last one has its place */
    return p;
}

static void confirm(int n)
{
    store_append(nth(n));
    settle(&live.w);
}

static void start(const weft_channels_config *cfg)
{
    live_begin(&live, cfg);
    late = (struct late){.store.publish = take};
    live.channels->store = &late.store;
}

static struct raw *say(const char *request)
{
    struct raw *r = raw_connect(&live.w);
    raw_say(r, request);
    settle(&live.w);
    raw_read(r);
    return r;
}

static struct raw *post(const char *fields, const char *text)
{
    char request[256];
    snprintf(request, sizeof request,
             "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n%s\r\n%s",
             strlen(text), fields, text);
    return say(request);
}

static const char *heard(struct raw *r)
{
    settle(&live.w);
    raw_read(r);
    return tidy(&live, "/chat", (char *)raw_body(r));
}

static void expect_answer(struct raw *r, int status, const char *want)
{
    assert_string_equal(heard(r), want);
    assert_int_equal(raw_status(r), status);
    raw_free(r);
}

#define AT(n)   "{\"position\":\"E." n "\"}\n"
#define LOOK(n) "{\"channel\":\"/chat\",\"position\":\"E." n "\",\"messages\":["
#define V1      "Sec-WebSocket-Protocol: weft.v1\r\n"

static void expect_kept(const char *want)
{
    assert_answer(&live, "GET", "/chat", "", "", 200, want);
}

/* What is confirmed first is first, and nothing is there before. */
static void test_late_and_out_of_order(void **state)
{
    (void)state;
    start(NULL);
    struct raw *a = post("", "a"), *b = post("", "b");
    assert_int_equal(late.n, 2);
    raw_read(a);
    assert_int_equal(raw_status(a), 0);
    expect_kept(LOOK("0") "]}\n");
    confirm(1);
    expect_answer(b, 200, AT("1"));
    confirm(0);
    expect_answer(a, 200, AT("2"));
    expect_kept(LOOK("2") MESSAGE("1", "b") "," MESSAGE("2", "a") "]}\n");
    live_end(&live);
}

static void test_refused(void **state)
{
    (void)state;
    start(NULL);
    struct raw *a = post("", "a");
    store_refuse(nth(0), WEFT_ERR_LOST);
    assert_non_null(strstr(heard(a), "{\"error\":{\"code\":503,"));
    raw_free(a);
    a = say(UPGRADE("/chat", ""));
    raw_text(a, "x");
    settle(&live.w);
    raw_forget(a);
    store_refuse(nth(0), WEFT_ERR_LOST);
    settle(&live.w);
    raw_read(a);
    assert_string_equal(raw_frames(a), "close 1013 it could not be published;");
    raw_free(a);
    expect_kept(LOOK("0") "]}\n");
    live_end(&live);
}

/* While the first is under way the second waits; what failed may be tried again. */
static void test_once(void **state)
{
    (void)state;
    start(NULL);
    struct raw *a = post("Idempotency-Key: k\r\n", "a"), *b = post("Idempotency-Key: k\r\n", "a");
    assert_int_equal(late.n, 1);
    store_refuse(nth(0), WEFT_ERR_LOST);
    settle(&live.w);
    assert_non_null(strstr(heard(a), "503") && strstr(heard(b), "503") ? "" : NULL);
    raw_free(a);
    raw_free(b);
    a = post("Idempotency-Key: k\r\n", "a");
    b = post("Idempotency-Key: k\r\n", "a");
    confirm(0);
    expect_answer(a, 200, AT("1"));
    expect_answer(b, 200, AT("1"));
    assert_int_equal(late.n, 0);
    live_end(&live);
}

/* Of one WebSocket the second is not read before the first is confirmed. */
static void test_raw_keeps_order(void **state)
{
    (void)state;
    start(NULL);
    struct raw *r = say(UPGRADE("/chat", ""));
    for (int i = 0; i < 3; i++) raw_text(r, i == 0 ? "a" : i == 1 ? "b" : "c");
    settle(&live.w);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(late.n, 1);
        confirm(0);
    }
    assert_int_equal(late.n, 0);
    expect_kept(LOOK("3") MESSAGE("1", "a") "," MESSAGE("2", "b") "," MESSAGE("3", "c") "]}\n");
    raw_free(r);
    live_end(&live);
}

static unsigned published;

static void count(const weft_channel_event *e, void *user)
{
    (void)user;
    published += e->type == WEFT_CHANNEL_PUBLISHED;
}

/* What is in the channel is told of, once, and nothing before it is. */
static void test_told_when_confirmed(void **state)
{
    (void)state;
    published = 0;
    start(&(weft_channels_config){.on_event = count});
    struct raw *r = say(UPGRADE("/chat", ""));
    raw_text(r, "a");
    settle(&live.w);
    assert_int_equal(published, 0);
    confirm(0);
    assert_int_equal(published, 1);
    raw_free(r);
    live_end(&live);
}

/* Answers in another order than the commands, each with its own position. */
static void test_commands(void **state)
{
    (void)state;
    start(NULL);
    struct raw *r = say(UPGRADE("/chat?subscribe=no", V1));
    raw_text(r, "{\"id\":1,\"publish\":\"/chat\",\"data\":\"a\"}");
    raw_text(r, "{\"id\":2,\"publish\":\"/other\",\"data\":\"b\"}");
    settle(&live.w);
    raw_forget(r);
    confirm(1);
    raw_read(r);
    assert_true(raw_heard(r, "{\"id\":2,\"ok\":") && !raw_heard(r, "{\"id\":1"));
    confirm(0);
    raw_read(r);
    assert_true(raw_heard(r, "{\"id\":1,\"ok\":"));
    raw_free(r);
    live_end(&live);
}

/* Who asked has gone, and even the server has: it is published all the same. */
static void test_gone_meanwhile(void **state)
{
    (void)state;
    start(NULL);
    struct raw *r[] = {post("", "a"), say(UPGRADE("/chat", "")),
                       say(UPGRADE("/chat?subscribe=no", V1))};
    raw_text(r[1], "b");
    raw_text(r[2], "{\"id\":1,\"publish\":\"/chat\",\"data\":\"c\"}");
    settle(&live.w);
    assert_int_equal(late.n, 3);
    for (int i = 0; i < 3; i++) raw_reset(r[i]);
    settle(&live.w);
    confirm(2);
    confirm(1);
    weft_server_free(live.w.server);
    live.w.server = NULL;
    confirm(0);
    weft_topic *t = weft_topic_find(live.hub, (weft_bytes){(const uint8_t *)"/chat", 5});
    assert_int_equal(weft_topic_head(t).offset, 3);
    weft_topic_unref(t);
    for (int i = 0; i < 3; i++) raw_free(r[i]);
    live_end(&live);
}

/* ---- another epoch --------------------------------------------------------------------------- */

static void renew(char before[24])
{
    weft_topic *t = weft_topic_find(live.hub, (weft_bytes){(const uint8_t *)"/chat", 5});
    snprintf(before, 24, "%s", weft_topic_head(t).epoch);
    assert_int_equal(weft_topic_renew(t), 0);
    assert_string_not_equal(before, weft_topic_head(t).epoch);
    weft_topic_unref(t);
    settle(&live.w);
}

static void publish(const char *text)
{
    struct raw *r = post("", text);
    confirm(0);
    assert_non_null(strstr(heard(r), "position"));
    raw_free(r);
}

/* The store has lost its head: everybody is told, by whatever way he reads, and goes on. */
static void test_loses_its_head(void **state)
{
    (void)state;
    char before[24], target[128], want[128];
    start(NULL);
    publish("a");
    publish("b");
    struct raw *socket = say(UPGRADE("/chat", "")), *session = say(UPGRADE("/chat", V1));
    struct raw *lines = say("GET /chat?stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
    struct raw *events = say("GET /chat?stream=sse HTTP/1.0\r\nHost: localhost\r\n\r\n");
    struct raw *pipe = say("GET /chat?stream=raw HTTP/1.0\r\nHost: localhost\r\n\r\n");
    struct raw *wait = say("GET /chat?wait=25 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    struct raw *all[] = {socket, session, lines, events, pipe, wait};
    for (int i = 0; i < 5; i++) {
        raw_read(all[i]);
        raw_forget(all[i]);
    }
    renew(before);
    publish("c");
    for (int i = 0; i < 6; i++) raw_read(all[i]);
    snprintf(want, sizeof want, "close 1013 lost since=%s.2;", before);
    assert_string_equal(raw_frames(socket), want);
    const char *got = tidy(&live, "/chat", lines->got);
    assert_string_equal(
        got, "{\"channel\":\"/chat\",\"lost\":null,\"position\":\"E.3\"}\n" MESSAGE("4", "c") "\n");
    got = tidy(&live, "/chat", events->got);
    assert_string_equal(got, "event: lost\nid: E.3\ndata: {\"lost\":null}\n\nid: E.4\ndata: c\n\n");
    char *frames = (char *)raw_frames(session);
    assert_true(raw_heard(session, "\"data\":\"c\""));
    assert_string_equal(
        tidy(&live, "/chat", frames),
        "text {\"channel\":\"/chat\",\"lost\":null,\"position\":\"E.3\"};text [75];");
    assert_true(raw_ended(pipe) && pipe->error);
    assert_non_null(strstr(heard(wait), "\"lost\":null"));
    snprintf(target, sizeof target, "/chat?since=%s.2", before);
    assert_answer(&live, "GET", target, "", "", 200,
                  LOOK("4") MESSAGE("4", "c") "],\"lost\":null}\n");
    for (int i = 0; i < 6; i++) raw_free(all[i]);
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_and_out_of_order),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_raw_keeps_order),
        cmocka_unit_test(test_told_when_confirmed),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_gone_meanwhile),
        cmocka_unit_test(test_loses_its_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
