/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_board.c - onlookers: told all at first, and then what has changed, at most once a second
 */
#include "channel/v1.h"

static struct live live;

#define MEMBER(name)     "{\"client\":\"" name "\",\"verified\":false}"
#define ENVELOPE(inside) "{\"channel\":\"/chat\",\"presence\":" inside "}"
#define NOBODY           "{\"count\":1,\"members\":[]}"
#define JOINS(name)      "{\"count\":2,\"join\":[" MEMBER(name) "],\"leave\":[]}"
#define LEAVES(name)     "{\"count\":1,\"join\":[],\"leave\":[" MEMBER(name) "]}"

static struct raw *stream(const char *target)
{
    char request[512];
    struct raw *r = raw_connect(&live.w);
    snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", target);
    raw_say(r, request);
    settle(&live.w);
    raw_read(r);
    return r;
}

/* What has come since the last time, tidied up; the first time behind the head and what a stream begins with. */
static const char *heard(struct raw *r)
{
    static char text[200000];
    settle(&live.w);
    raw_read(r);
    const char *body = *raw_body(r) ? raw_body(r) : r->got;
    if (strncmp(body, "retry: ", 7) == 0) body = strstr(body, "\n\n") + 2;
    if (strstr(body, "\"policy\"")) body = strchr(body, '\n') + 1;
    memcpy(text, body, strlen(body) + 1);
    raw_forget(r);
    return tidy(&live, "/chat", text);
}

static const char *said(struct raw *r)
{
    return v1_said(&live, r);
}

static struct raw *join(const char *name)
{
    char target[64];
    snprintf(target, sizeof target, "/chat?client=%s", name);
    struct raw *r = raw_open(&live.w, target);
    settle(&live.w);
    return r;
}

static void leave(struct raw *r)
{
    raw_free(r);
    settle(&live.w);
}

/* ---- by each way ----------------------------------------------------------------------------- */

static void test_events(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = stream("/chat?stream=sse&presence=events");
    assert_string_equal(heard(r), "event: presence\ndata: " NOBODY "\n\n");
    struct raw *ann = join("ann");
    assert_string_equal(heard(r), "");
    pass(&live.w, 1000);
    assert_string_equal(heard(r), "event: presence\ndata: " JOINS("ann") "\n\n");
    leave(ann);
    pass(&live.w, 9500);
    assert_string_equal(heard(r), "");
    pass(&live.w, 1500);
    assert_string_equal(heard(r), "event: presence\ndata: " LEAVES("ann") "\n\n");
    raw_free(r);
    live_end(&live);
}

static void test_lines(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *ann = join("ann"), *r = stream("/chat?stream&presence=events&client=bob");
    assert_string_equal(
        heard(r), ENVELOPE("{\"count\":2,\"members\":[" MEMBER("ann") "," MEMBER("bob") "]}") "\n");
    struct raw *eve = join("eve");
    live_publish(&live, "/chat", "a");
    assert_string_equal(heard(r), MESSAGE("1", "a") "\n");
    pass(&live.w, 1000);
    assert_string_equal(heard(r),
                        ENVELOPE("{\"count\":3,\"join\":[" MEMBER("eve") "],\"leave\":[]}") "\n");
    raw_free(ann);
    raw_free(eve);
    raw_free(r);
    live_end(&live);
}

static void test_url_of_v1(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = v1_dial(&live, "/chat?presence=events&client=bob");
    const char *text = said(r);
    assert_memory_equal(text, "{\"hello\":", 9);
    assert_string_equal(strchr(text, '\n') + 1,
                        ENVELOPE("{\"count\":1,\"members\":[" MEMBER("bob") "]}") "\n");
    struct raw *ann = join("ann");
    pass(&live.w, 1000);
    assert_string_equal(said(r), ENVELOPE(JOINS("ann")) "\n");
    raw_text(r, "{\"id\":1,\"unsubscribe\":\"/chat\"}");
    assert_string_equal(said(r), "{\"id\":1,\"ok\":{}}\n");
    leave(ann);
    for (int i = 0; i < 12; i++) pass(&live.w, 1000);
    assert_string_equal(said(r), "");
    raw_free(r);
    r = v1_dial(&live, "/chat?subscribe=no&presence=events");
    assert_string_equal(strchr(said(r), '\n') + 1, ENVELOPE("{\"count\":0,\"members\":[]}") "\n");
    raw_free(r);
    live_end(&live);
}

static void test_command(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *ann = join("ann"), *r = v1_dial(&live, "/other?subscribe=no");
    (void)said(r);
    raw_text(r, "{\"id\":1,\"presence\":\"/nowhere\"}");
    assert_string_equal(said(r), "{\"id\":1,\"ok\":{\"channel\":\"/nowhere\",\"presence\":{"
                                 "\"count\":0,\"members\":[]}}}\n");
    assert_null(weft_topic_find(live.hub, (weft_bytes){(const uint8_t *)"/nowhere", 8}));
#define OK(id, inside) "{\"id\":" id ",\"ok\":" ENVELOPE(inside) "}\n"
#define ANN            "{\"count\":1,\"members\":[" MEMBER("ann") "]}"
    raw_text(r, "{\"id\":2,\"presence\":\"/chat\"}");
    assert_string_equal(said(r), OK("2", ANN));
    raw_text(r, "{\"id\":3,\"presence\":\"/chat\",\"events\":true}");
    raw_text(r, "{\"id\":4,\"presence\":\"/chat\",\"events\":true}");
    assert_string_equal(said(r), OK("3", ANN) OK("4", ANN));
    struct raw *bob = join("bob");
    pass(&live.w, 1000);
    assert_string_equal(said(r), ENVELOPE(JOINS("bob")) "\n");
    raw_text(r, "{\"presence\":\"/chat\",\"events\":false}");
    leave(bob);
    pass(&live.w, 11000);
    pass(&live.w, 1000);
    assert_string_equal(said(r), "");
    raw_text(r, "{\"presence\":\"/chat\",\"events\":true}");
    assert_string_equal(said(r), ENVELOPE(ANN) "\n");
    raw_text(r, "{\"id\":5,\"presence\":\"/chat\",\"events\":1}");
    assert_string_equal(said(r),
                        "{\"id\":5,\"error\":{\"code\":400,\"message\":\"\\\"events\\\" is "
                        "true, to be told who comes and goes, or false\"}}\n");
    raw_free(ann);
    raw_free(r);
    live_end(&live);
}

static void test_raw_is_told_nothing(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_int_equal(live_ask(&live, "GET", "/chat?stream=raw&presence=events", "", "", NULL), 400);
    struct raw *r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r, UPGRADE("/chat?presence=events", "")), 400);
    assert_true(raw_heard(r, "does not go with a WebSocket without weft.v1"));
    raw_free(r);
    live_end(&live);
}

/* ---- when ------------------------------------------------------------------------------------ */

/* However many come and go, all that has changed is told at once, once a second. */
static void test_once_a_second(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *all[8], *r = stream("/chat?stream=sse&presence=events");
    int told = 0;
    char name[16];
    (void)heard(r);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "m%d", i);
        if (i >= 8) raw_free(all[i % 8]);
        all[i % 8] = join(name);
        pass(&live.w, 100);
        for (const char *at = heard(r); (at = strstr(at, "event: presence")); at++) told++;
    }
    assert_int_equal(told, 4);
    for (int i = 0; i < 8; i++) raw_free(all[i]);
    raw_free(r);
    live_end(&live);
}

/* Who comes back within the grace is neither gone nor new; nor is who has another connection. */
static void test_grace(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.heartbeat_ms = 60000});
    struct raw *r = stream("/chat?stream=sse&presence=events"), *ann = join("ann");
    pass(&live.w, 1000);
    (void)heard(r);
    leave(ann);
    for (int i = 0; i < 9; i++) pass(&live.w, 1000);
    assert_string_equal(heard(r), "");
    ann = join("ann");
    struct raw *again = stream("/chat?stream=sse&presence=events&client=ann");
    assert_string_equal(heard(again),
                        "event: presence\ndata: {\"count\":2,\"members\":[" MEMBER("ann") "]}\n\n");
    for (int i = 0; i < 12; i++) pass(&live.w, 1000);
    assert_string_equal(heard(r), "");
    assert_string_equal(heard(again), "");
    raw_free(ann);
    raw_free(again);
    raw_free(r);
    live_end(&live);
}

/* Whoever has no name is counted, and nobody else: a difference of none but the count. */
static void test_count(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = stream("/chat?stream=sse&presence=events"), *other = stream("/chat?stream");
    (void)heard(r);
    pass(&live.w, 1000);
    assert_string_equal(heard(r),
                        "event: presence\ndata: {\"count\":2,\"join\":[],\"leave\":[]}\n\n");
    leave(other);
    pass(&live.w, 1000);
    assert_string_equal(heard(r),
                        "event: presence\ndata: {\"count\":1,\"join\":[],\"leave\":[]}\n\n");
    raw_free(r);
    live_end(&live);
}

static void test_many(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = stream("/chat?stream=sse&presence=events");
    char target[64];
    (void)heard(r);
    for (int i = 0; i < 101; i++) {
        snprintf(target, sizeof target, "/chat?client=m%d", i);
        assert_int_equal(live_ask(&live, "GET", target, "", "", NULL), 200);
    }
    pass(&live.w, 1000);
    assert_string_equal(heard(r), "event: presence\ndata: {\"count\":102}\n\n");
    struct raw *answer;
    assert_int_equal(live_ask(&live, "GET", "/chat?presence", "", "", &answer), 200);
    assert_string_equal(raw_body(answer), ENVELOPE("{\"count\":102}") "\n");
    pass(&live.w, 10000);
    pass(&live.w, 1000);
    assert_string_equal(heard(r), "event: presence\ndata: " NOBODY "\n\n");
    raw_free(r);
    live_end(&live);
}

/* Who does not read misses differences, and is told all of it when there is room again. */
static void test_slow(void **state)
{
    (void)state;
    static char text[60001];
    const weft_topic_settings newest = {.policy = WEFT_POLICY_LATEST};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &newest}});
    memset(text, 'x', sizeof text - 1);
    struct raw *r = stream("/chat?stream=sse&presence=events"),
               *quick = stream("/chat?stream&presence=events");
    (void)heard(r);
    for (int i = 0; i < 120; i++) {
        live_publish(&live, "/chat", text);
        (void)heard(quick);
    }
    struct raw *ann = join("ann"), *answer;
    pass(&live.w, 1000);
    assert_non_null(strstr(heard(quick), "\"join\":[" MEMBER("ann")));
    pass(&live.w, 1000);
    assert_string_equal(heard(quick), "");
    turn_until(&live.w, (raw_forget(r), raw_read(r), !r->len));
    settle(&live.w);
    (void)heard(r);
    pass(&live.w, 1000);
    assert_string_equal(heard(r),
                        "event: presence\ndata: {\"count\":3,\"members\":[" MEMBER("ann") "]}\n\n");
    assert_string_equal(heard(quick), "");
    assert_int_equal(live_ask(&live, "GET", "/chat?presence", "", "", &answer), 200);
    raw_free(ann);
    raw_free(quick);
    raw_free(r);
    live_end(&live);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void test_so_many_channels(void **state)
{
    (void)state;
    char text[128];
    live_begin(&live, &(weft_channels_config){.new_channels = WEFT_NEVER});
    struct raw *r = v1_dial(&live, "/chat?subscribe=no");
    (void)said(r);
    for (int i = 0; i < 129; i++) {
        snprintf(text, sizeof text, "{\"presence\":\"/c%d\",\"events\":true}", i);
        raw_text(r, text);
        if (i < 128) assert_non_null(strstr(said(r), "\"members\":[]"));
    }
    assert_string_equal(said(r), "{\"error\":{\"code\":429,\"message\":\"a connection looks on at "
                                 "128 channels at most\"}}\n");
    raw_free(r);
    live_end(&live);
}

/* Of what an onlooker takes, from his coming to what he is told first, the nth allocation fails. */
static bool fails_at(long n, const char *target)
{
    char request[256];
    live_begin(&live, NULL);
    struct raw *r = target ? raw_connect(&live.w) : v1_dial(&live, "/chat");
    settle(&live.w);
    snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", target);
    world_fail_at(&live.w, n);
    if (target) raw_say(r, request);
    else raw_text(r, "{\"id\":1,\"presence\":\"/chat\",\"events\":true}");
    settle(&live.w);
    long asked = live.w.asked;
    world_fail_at(&live.w, -1);
    raw_free(join("ann"));
    world_fail_at(&live.w, n);
    live.w.asked = asked;
    pass(&live.w, 1000);
    bool failed = live.w.asked > n;
    world_fail_at(&live.w, -1);
    if (!failed) assert_non_null(strstr(target ? heard(r) : said(r), "\"join\":[" MEMBER("ann")));
    raw_free(r);
    live_end(&live);
    return failed;
}

static void test_no_memory(void **state)
{
    (void)state;
    for (long n = 0; fails_at(n, "/chat?stream=sse&presence=events"); n++) {
    }
    for (long n = 0; fails_at(n, "/chat?stream&presence=events"); n++) {
    }
    for (long n = 0; fails_at(n, NULL); n++) {
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_url_of_v1),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_raw_is_told_nothing),
        cmocka_unit_test(test_once_a_second),
        cmocka_unit_test(test_grace),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_so_many_channels),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
