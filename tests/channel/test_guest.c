/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_guest.c - who is a member, by whatever way he reads: asked by GET ?presence
 */
#include "channel/v1.h"

static struct live live;

#define MEMBER(name) "{\"client\":\"" name "\",\"verified\":false}"

/* Who is on /chat: "2 ann,bob". */
static const char *there(void)
{
    static char text[4096];
    struct raw *answer;
    size_t n, len;
    assert_int_equal(live_ask(&live, "GET", "/chat?presence", "", "", &answer), 200);
    assert_true(has_field(answer, "Content-Type: application/json\r\n"));
    assert_true(has_field(answer, "Cache-Control: no-store\r\n"));
    assert_false(has_field(answer, "ETag:") || has_field(answer, "Weft-Position:"));
    const char *at = raw_body(answer);
    assert_int_equal(sscanf(at, "{\"channel\":\"/chat\",\"presence\":{\"count\":%zu,", &n), 1);
    len = (size_t)snprintf(text, sizeof text, "%zu", n);
    for (char before = ' '; (at = strstr(at, "{\"client\":\"")); before = ',') {
        at += strlen("{\"client\":\"");
        len += (size_t)snprintf(text + len, sizeof text - len, "%c%.*s", before,
                                (int)strcspn(at, "\""), at);
    }
    return text;
}

static struct raw *stream(const char *target)
{
    return live_get(&live, target);
}

static struct raw *open_raw(const char *target)
{
    struct raw *r = raw_open(&live.w, target);
    settle(&live.w);
    return r;
}

static struct raw *open_v1(const char *target)
{
    struct raw *r = v1_dial(&live, target);
    settle(&live.w);
    return r;
}

/* ---- by each way ----------------------------------------------------------------------------- */

static const struct way {
    const char *target;
    struct raw *(*open)(const char *target);
} ways[] = {
    {"/chat?stream=sse&client=ann", stream}, {"/chat?stream&client=ann", stream},
    {"/chat?stream=raw&client=ann", stream}, {"/chat?wait=25&client=ann", stream},
    {"/chat?client=ann", open_raw},          {"/chat?client=ann", open_v1},
};

static void gone(struct raw *r)
{
    raw_free(r);
    settle(&live.w);
}

static void test_each_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        live_begin(&live, NULL);
        assert_string_equal(there(), "0");
        struct raw *r = ways[i].open(ways[i].target);
        assert_string_equal(there(), "1 ann");
        gone(r);
        assert_string_equal(there(), "1 ann");
        pass(&live.w, 9990);
        assert_string_equal(there(), "1 ann");
        pass(&live.w, 20);
        assert_string_equal(there(), "0");
        live_end(&live);
    }
}

/* By two ways at once she is one, and as long as one of them is left she is there. */
static void test_one_member(void **state)
{
    (void)state;
    enum { WAYS = sizeof ways / sizeof *ways };
    struct raw *r[WAYS];
    live_begin(&live, NULL);
    for (size_t i = 0; i < WAYS; i++) {
        r[i] = ways[i].open(ways[i].target);
        assert_string_equal(there(), "1 ann");
    }
    for (size_t i = 0; i < WAYS; i++) {
        assert_string_equal(there(), "1 ann");
        gone(r[i]);
        if (i == 0) pass(&live.w, 11000);
    }
    assert_string_equal(there(), "1 ann");
    pass(&live.w, 11000);
    assert_string_equal(there(), "0");
    live_end(&live);
}

/* Who comes back within the grace was there all the time, and has it again from then on. */
static void test_back_in_time(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    gone(open_raw("/chat?client=ann"));
    pass(&live.w, 9000);
    struct raw *r = stream("/chat?stream=sse&client=ann");
    pass(&live.w, 9000);
    assert_string_equal(there(), "1 ann");
    gone(r);
    pass(&live.w, 9000);
    assert_string_equal(there(), "1 ann");
    pass(&live.w, 2000);
    assert_string_equal(there(), "0");
    live_end(&live);
}

static void test_without_a_name(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *raw = open_raw("/chat"), *v1 = open_v1("/chat"), *sse = stream("/chat?stream=sse");
    struct raw *silent = open_raw("/chat?subscribe=no&client=bob"), *wait = stream("/chat?wait=25");
    assert_string_equal(there(), "3");
    struct raw *ann = open_raw("/chat?client=ann");
    assert_string_equal(there(), "4 ann");
    gone(raw);
    gone(v1);
    assert_string_equal(there(), "2 ann");
    gone(sse);
    gone(ann);
    assert_string_equal(there(), "1 ann");
    raw_free(silent);
    raw_free(wait);
    live_end(&live);
}

static void test_polls(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_int_equal(live_ask(&live, "GET", "/chat", "", "", NULL), 200);
    assert_int_equal(live_ask(&live, "GET", "/chat?presence&client=bob", "", "", NULL), 200);
    assert_int_equal(live_ask(&live, "POST", "/chat?client=bob", "", "x", NULL), 200);
    assert_int_equal(live_ask(&live, "HEAD", "/chat?client=bob", "", "", NULL), 200);
    assert_string_equal(there(), "0");
    assert_int_equal(live_ask(&live, "GET", "/chat?client=ann", "", "", NULL), 200);
    assert_int_equal(live_ask(&live, "GET", "/chat?last=1&client=eve", "", "", NULL), 200);
    assert_string_equal(there(), "2 ann,eve");
    pass(&live.w, 10001);
    assert_string_equal(there(), "0");
    live_end(&live);
}

/* A long poller is there between two of them; and answered, the grace begins. */
static void test_long_poller(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = stream("/chat?wait=25&client=ann");
    pass(&live.w, 20000);
    assert_string_equal(there(), "1 ann");
    live_publish(&live, "/chat", "a");
    settle(&live.w);
    assert_true(raw_heard(r, "\"messages\":[{"));
    pass(&live.w, 9000);
    raw_free(r);
    r = stream("/chat?wait=25&client=ann");
    pass(&live.w, 9000);
    assert_string_equal(there(), "1 ann");
    raw_free(r);
    live_end(&live);
}

/* In weft.v1 he is on the channels that he is subscribed to, and where else he has left. */
static void test_session(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = open_v1("/other?subscribe=no&client=ann");
    assert_string_equal(there(), "0");
    raw_text(r, "{\"subscribe\":\"/chat\"}");
    raw_text(r, "{\"subscribe\":\"/chat\"}");
    settle(&live.w);
    assert_string_equal(there(), "1 ann");
    raw_text(r, "{\"unsubscribe\":\"/chat\"}");
    settle(&live.w);
    pass(&live.w, 9000);
    assert_string_equal(there(), "1 ann");
    pass(&live.w, 1001);
    assert_string_equal(there(), "0");
    raw_free(r);
    live_end(&live);
}

/* With a pattern he is on each channel that it joins. */
static void test_pattern(void **state)
{
    (void)state;
    const unsigned rights = WEFT_RIGHT_READ | WEFT_RIGHT_PRESENCE | WEFT_RIGHT_PATTERN;
    live_begin(&live, &(weft_channels_config){.rights = rights});
    struct raw *r = open_v1("/other?subscribe=no&client=ann");
    raw_text(r, "{\"subscribe\":\"/*\"}");
    settle(&live.w);
    assert_string_equal(there(), "0");
    live_publish(&live, "/chat", "a");
    settle(&live.w);
    assert_string_equal(there(), "1 ann");
    raw_text(r, "{\"unsubscribe\":\"/*\"}");
    settle(&live.w);
    pass(&live.w, 10001);
    assert_string_equal(there(), "0");
    raw_free(r);
    live_end(&live);
}

/* ---- what is not done ------------------------------------------------------------------------ */

static void test_names(void **state)
{
    (void)state;
    static const char *const wrong[] = {"/chat?stream&client=", "/chat?client=a%00b",
                                        "/chat?client=%0a", "/chat?client=%ff",
                                        "/chat?wait=0&client=a&client=b"};
    char target[512] = "/chat?client=";
    live_begin(&live, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(live_ask(&live, "GET", wrong[i], "", "", NULL), 400);
    for (int i = 0; i < 64; i++) strcat(target, "%c3%ab");
    assert_int_equal(live_ask(&live, "GET", target, "", "", NULL), 200);
    assert_int_equal(strlen(there()), strlen("1 ") + 128);
    strcat(target, "x");
    assert_int_equal(live_ask(&live, "GET", target, "", "", NULL), 400);
    live_end(&live);
}

static bool is_on(const char *channel, void *user)
{
    assert_ptr_equal(user, &live);
    return strcmp(channel, "/chat") != 0;
}

static void test_off(void **state)
{
    (void)state;
    static const char *const targets[] = {"/chat?presence", "/chat?stream&presence=events",
                                          "/chat?stream=sse&presence=events"};
    live_begin(&live, &(weft_channels_config){.has_presence = is_on, .user = &live});
    struct raw *answer, *r = open_v1("/chat?client=ann");
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        assert_int_equal(live_ask(&live, "GET", targets[i], "", "", NULL), 403);
    (void)v1_said(&live, r);
    raw_text(r, "{\"id\":1,\"presence\":\"/chat\"}");
    assert_string_equal(v1_said(&live, r),
                        "{\"id\":1,\"error\":{\"code\":403,\"message\":\"who is on /chat is not "
                        "told to anybody\"}}\n");
    assert_int_equal(live_ask(&live, "GET", "/other?presence", "", "", &answer), 200);
    raw_free(r);
    live_end(&live);
}

static void test_right(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.rights = WEFT_RIGHT_READ});
    assert_int_equal(live_ask(&live, "GET", "/chat?presence", "", "", NULL), 403);
    assert_int_equal(live_ask(&live, "GET", "/chat?stream&presence=events", "", "", NULL), 403);
    assert_int_equal(live_ask(&live, "GET", "/chat?client=ann", "", "", NULL), 200);
    struct raw *r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r,
                             UPGRADE("/chat?subscribe=no&presence=events",
                                     "Sec-WebSocket-Protocol: weft.v1\r\n")),
                     403);
    raw_free(r);
    live_end(&live);
}

/* Whoever finds no memory is not listed; nothing else goes wrong by that. */
static bool fails_at(long n, const char *target)
{
    char request[256];
    live_begin(&live, NULL);
    struct raw *r = target ? raw_connect(&live.w) : open_v1("/other?subscribe=no&client=ann");
    settle(&live.w);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    world_fail_at(&live.w, n);
    if (target) raw_say(r, request);
    else raw_text(r, "{\"subscribe\":\"/chat\"}");
    settle(&live.w);
    bool failed = live.w.asked > n;
    world_fail_at(&live.w, -1);
    assert_true(*there() == '0' || *there() == '1');
    if (!failed) assert_string_equal(there(), "1 ann");
    raw_free(r);
    live_end(&live);
    return failed;
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char *const targets[] = {"/chat?stream=sse&client=ann", "/chat?stream&client=ann",
                                          "/chat?wait=25&client=ann", "/chat?client=ann", NULL};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (long n = 0; fails_at(n, targets[i]); n++) {
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_way),     cmocka_unit_test(test_one_member),
        cmocka_unit_test(test_back_in_time), cmocka_unit_test(test_without_a_name),
        cmocka_unit_test(test_polls),        cmocka_unit_test(test_long_poller),
        cmocka_unit_test(test_session),      cmocka_unit_test(test_pattern),
        cmocka_unit_test(test_names),        cmocka_unit_test(test_off),
        cmocka_unit_test(test_right),        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
