/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_streaming.c - events, lines and pipes, over loopback
 *
 * The peers speak HTTP/1.0, so bodies have no chunks in them.
 */
#include "channel/live.h"

static struct live live;

static struct raw *stream(const char *target, const char *fields)
{
    char request[512];
    struct raw *r = raw_connect(&live.w);
    snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: localhost\r\n%s\r\n", target,
             fields);
    raw_say(r, request);
    turn_until(&live.w, raw_status(r) || raw_ended(r));
    settle(&live.w);
    raw_read(r);
    return r;
}

/* What has come, tidied up, and retry without its number; it is forgotten. */
static const char *heard(struct raw *r)
{
    static char text[100000];
    settle(&live.w);
    raw_read(r);
    const char *body = *raw_body(r) ? raw_body(r) : r->got;
    assert_true(strlen(body) < sizeof text);
    if (strncmp(body, "retry: ", 7) == 0) body = strchr(body, '\n') + 1;
    memcpy(text, body, strlen(body) + 1);
    raw_forget(r);
    return tidy(&live, "/chat", text);
}

static const char *at(int offset)
{
    static char text[WEFT_POSITION_TEXT];
    snprintf(text, sizeof text, "%s.%d", live_epoch(&live, "/chat"), offset);
    return text;
}

static void test_events(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    struct raw *r = stream("/chat", "Accept: text/event-stream\r\n");
    assert_true(has_field(r, "Content-Type: text/event-stream\r\n"));
    assert_true(has_field(r, "Cache-Control: no-cache, no-transform\r\n"));
    assert_string_equal(heard(r), "event: begin\nid: E.1\ndata: {\"position\":\"E.1\"}\n\n");
    live_publish(&live, "/chat", "b\nc");
    assert_string_equal(heard(r), "id: E.2\ndata: b\ndata: c\n\n");
    assert_int_equal(weft_publish(live.hub, "/chat", WEFT_BINARY, "\0\1", 2), 0);
    assert_string_equal(heard(r),
                        "event: envelope\nid: E.3\ndata: {\"channel\":\"/chat\",\"position\":"
                        "\"E.3\",\"time\":0,\"base64\":\"AAE=\"}\n\n");
    raw_free(r);
    settle(&live.w);
    live_end(&live);
}

static void test_events_resume(void **state)
{
    (void)state;
    char field[128];
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    live_publish(&live, "/chat", "b");
    snprintf(field, sizeof field, "Last-Event-ID: %s\r\n", at(1));
    struct raw *r = stream("/chat?stream=sse&last=all", field);
    assert_string_equal(heard(r), "event: begin\nid: E.1\ndata: {\"position\":\"E.1\"}\n\n"
                                  "id: E.2\ndata: b\n\n");
    raw_free(r);
    r = stream("/chat?stream=sse", "Last-Event-ID: what?\r\n");
    assert_string_equal(heard(r), "event: begin\nid: E.0\ndata: {\"position\":\"E.0\"}\n\n"
                                  "event: lost\nid: E.0\ndata: {\"lost\":null}\n\n"
                                  "id: E.1\ndata: a\n\nid: E.2\ndata: b\n\n");
    raw_free(r);
    live_end(&live);
}

static void test_lines(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    struct raw *r = stream("/chat?stream&last=1", "");
    assert_true(has_field(r, "Content-Type: application/x-ndjson\r\n"));
    assert_string_equal(heard(r), "{\"channel\":\"/chat\",\"position\":\"E.0\",\"head\":\"E.1\","
                                  "\"policy\":\"queue\"}\n" MESSAGE("1", "a") "\n");
    live_publish(&live, "/chat", "b");
    assert_string_equal(heard(r), MESSAGE("2", "b") "\n");
    raw_free(r);
    live_end(&live);
}

static void test_pipe(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    struct raw *r = stream("/chat?stream=raw&last=all", "");
    assert_true(has_field(r, "Content-Type: text/plain; charset=utf-8\r\n"));
    live_publish(&live, "/chat", "");
    assert_int_equal(weft_publish(live.hub, "/chat", WEFT_BINARY, "", 0), 0);
    assert_int_equal(weft_publish(live.hub, "/chat", WEFT_BINARY, "x", 1), 0);
    live_publish(&live, "/chat", "b");
    assert_string_equal(heard(r), "a\n\nxb\n");
    raw_free(r);
    live_end(&live);
}

static const char *get(const char *target)
{
    static char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    return request;
}

/* Each says in its head where it begins; a loss is in front of that. */
static void test_position(void **state)
{
    (void)state;
    char target[128], field[128];
    const weft_topic_settings few = {.history_items = 2};
    static const char *const kinds[] = {"sse", "", "raw"};
    static const struct {
        const char *query;
        int begins;
    } asked[] = {{"", 3}, {"&last=1", 2}, {"&since=%s.2", 2}, {"&since=%s.0", 1}};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &few}});
    for (int i = 0; i < 3; i++) live_publish(&live, "/chat", "x");
    for (size_t i = 0; i < countof(kinds) * countof(asked); i++) {
        char query[64];
        snprintf(query, sizeof query, asked[i / 3].query, live_epoch(&live, "/chat"));
        snprintf(target, sizeof target, "/chat?stream=%s%s", kinds[i % 3], query);
        snprintf(field, sizeof field, "Weft-Position: %s\r\n", at(asked[i / 3].begins));
        struct raw *r = raw_connect(&live.w);
        assert_int_equal(raw_ask(&live.w, r, get(target)), 200);
        assert_true(has_field(r, field));
        raw_free(r);
    }
    live_end(&live);
}

/* What is gone is announced; a pipe cannot be told, and ends as no whole answer does. */
static void test_lost(void **state)
{
    (void)state;
    char target[128];
    const weft_topic_settings few = {.history_items = 1};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &few}});
    for (int i = 0; i < 3; i++) live_publish(&live, "/chat", "x");
    snprintf(target, sizeof target, "/chat?stream=sse&since=%s", at(0));
    struct raw *r = stream(target, "");
    assert_string_equal(heard(r),
                        "event: begin\nid: E.0\ndata: {\"position\":\"E.0\"}\n\n"
                        "event: lost\nid: E.2\ndata: {\"lost\":2}\n\nid: E.3\ndata: x\n\n");
    raw_free(r);
    snprintf(target, sizeof target, "/chat?stream&since=%s", at(0));
    r = stream(target, "");
    assert_string_equal(heard(r),
                        "{\"channel\":\"/chat\",\"position\":\"E.2\",\"head\":\"E.3\",\"policy\":"
                        "\"queue\",\"lost\":2}\n" MESSAGE("3", "x") "\n");
    raw_free(r);
    snprintf(target, sizeof target, "/chat?stream=raw&since=%s", at(0));
    r = stream(target, "");
    turn_until(&live.w, raw_ended(r));
    assert_int_equal(r->error, ECONNRESET);
    raw_free(r);
    r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r, get(target)), 200);
    turn_until(&live.w, raw_ended(r));
    assert_int_equal(r->error, 0);
    assert_string_equal(raw_body(r), ""); /* no last chunk */
    raw_free(r);
    live_end(&live);
}

static void test_heartbeat(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *events = stream("/chat?stream=sse", ""), *lines = stream("/chat?stream", "");
    (void)heard(events);
    (void)heard(lines);
    pass(&live.w, 10000);
    live_publish(&live, "/chat", "a");
    (void)heard(events);
    (void)heard(lines);
    pass(&live.w, 14000);
    assert_string_equal(heard(events), "");
    pass(&live.w, 1001);
    assert_string_equal(heard(events), ":\n\n");
    assert_string_equal(heard(lines), "\n");
    raw_free(events);
    raw_free(lines);
    live_end(&live);
}

static void test_leave(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *events = stream("/chat?stream=sse", ""), *lines = stream("/chat?stream", "");
    struct raw *raw = stream("/chat?stream=raw", "");
    (void)heard(events);
    (void)heard(lines);
    assert_int_equal(weft_server_shutdown(live.w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL), 0);
    for (int i = 0; i < 50; i++) pass(&live.w, 100);
    assert_true(raw_heard(events, "retry: "));
    assert_true(raw_heard(lines, "{\"close\":{\"retry\":"));
    assert_true(raw_ended(events) && raw_ended(lines) && raw_ended(raw));
    assert_int_equal(raw->error, ECONNRESET);
    raw_free(events);
    raw_free(lines);
    raw_free(raw);
    live_end(&live);
}

/* Whoever reads nothing for a while has all of it: who publishes waits for him. */
static void test_slow(void **state)
{
    (void)state;
    enum { N = 3000 };
    static char text[2001];
    memset(text, 'x', sizeof text - 1);
    live_begin(&live, NULL);
    struct raw *r = stream("/chat?stream=raw", "");
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%06d", i);
        text[6] = 'x';
        while (weft_publish(live.hub, "/chat", WEFT_TEXT, text, sizeof text - 1) < 0) {
            raw_read(r);
            turn(&live.w, 1);
        }
    }
    turn_until(&live.w, (raw_read(r), r->len >= N * (sizeof text)));
    const char *at = raw_body(r);
    for (int i = 0; i < N; i++, at += sizeof text) assert_int_equal(atoi(at), i);
    assert_string_equal(at, "");
    raw_free(r);
    live_end(&live);
}

static void publish_keyed(const char *key, const char *text)
{
    weft_topic *t;
    weft_message *m;
    assert_int_equal(weft_topic_get(&t, live.hub, (weft_bytes){(const uint8_t *)"/chat", 5}), 0);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, text, strlen(text)), 0);
    assert_int_equal(
        weft_topic_publish(t, m, (weft_bytes){(const uint8_t *)key, strlen(key)}, NULL), 0);
    weft_message_unref(m);
    weft_topic_unref(t);
}

/* What a policy leaves out on purpose is counted in what follows, and is no loss. */
static void test_skipped(void **state)
{
    (void)state;
    char target[128];
    const weft_topic_settings keyed = {.policy = WEFT_POLICY_LATEST_KEY, .history_items = 100};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &keyed}});
    publish_keyed("a", "1");
    publish_keyed("a", "2");
    publish_keyed("b", "3");
    publish_keyed("a", "4");
    snprintf(target, sizeof target, "/chat?stream&since=%s", at(0));
    struct raw *r = stream(target, "");
    assert_string_equal(
        heard(r),
        "{\"channel\":\"/chat\",\"position\":\"E.0\",\"head\":\"E.4\",\"policy\":\"latest=key\"}\n"
        "{\"channel\":\"/chat\",\"position\":\"E.3\",\"time\":0,\"key\":\"b\",\"skipped\":2,\"data\":\"3\"}\n"
        "{\"channel\":\"/chat\",\"position\":\"E.4\",\"time\":0,\"key\":\"a\",\"data\":\"4\"}\n");
    raw_free(r);
    live_end(&live);
}

/* Who reads nothing is ended, and told to come again as far as that can be said. */
static void test_disconnect(void **state)
{
    (void)state;
    static char text[60001];
    const weft_topic_settings strict = {.policy = WEFT_POLICY_DISCONNECT};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &strict}});
    memset(text, 'x', sizeof text - 1);
    struct raw *events = stream("/chat?stream=sse", ""), *raw = stream("/chat?stream=raw", "");
    for (int i = 0; i < 200 && weft_subscribers(live.hub, "/chat"); i++) {
        live_publish(&live, "/chat", text);
        settle(&live.w);
    }
    turn_until(&live.w, raw_ended(events) && raw_ended(raw));
    assert_int_equal(raw->error, ECONNRESET);
    raw_free(events);
    raw_free(raw);
    live_end(&live);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char *const targets[] = {"/chat?stream=sse&last=all", "/chat?stream&last=all",
                                          "/chat?stream=raw&last=all"};
    for (size_t i = 0; i < countof(targets); i++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            live_begin(&live, NULL);
            live_publish(&live, "/chat", "a");
            struct raw *r = raw_connect(&live.w);
            settle(&live.w);
            world_fail_at(&live.w, n);
            raw_say(r, "GET ");
            raw_say(r, targets[i]);
            raw_say(r, " HTTP/1.0\r\nHost: localhost\r\n\r\n");
            turn_until(&live.w, raw_status(r) || raw_ended(r));
            settle(&live.w);
            failed = live.w.asked > n;
            if (!failed) assert_true(raw_heard(r, "a"));
            world_fail_at(&live.w, -1);
            raw_free(r);
            live_end(&live);
        }
    }
}

static uint64_t counted(weft_channels_counter what)
{
    return weft_channels_count(live.channels, what);
}

static void test_counts(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *events = stream("/chat", "Accept: text/event-stream\r\n");
    struct raw *lines = stream("/chat?stream", ""), *pipe = stream("/chat?stream=raw", "");
    assert_int_equal(counted(WEFT_CHANNELS_EVENT_STREAMS), 1);
    assert_int_equal(counted(WEFT_CHANNELS_STREAMS), 2);
    assert_int_equal(counted(WEFT_CHANNELS_POLLS), 0);
    assert_int_equal(counted((weft_channels_counter)99), 0);
    raw_free(events);
    raw_free(lines);
    raw_free(pipe);
    settle(&live.w);
    assert_int_equal(counted(WEFT_CHANNELS_EVENT_STREAMS) + counted(WEFT_CHANNELS_STREAMS), 0);
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),     cmocka_unit_test(test_events_resume),
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_position),   cmocka_unit_test(test_lost),
        cmocka_unit_test(test_heartbeat),  cmocka_unit_test(test_leave),
        cmocka_unit_test(test_slow),       cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_disconnect), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
