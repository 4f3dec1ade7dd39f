/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_look.c - polls, a look, HEAD and DELETE, over loopback
 */
#include "channel/live.h"

static struct live live;

static void start(const weft_channels_config *cfg)
{
    live_begin(&live, cfg);
    live_publish(&live, "/chat", "a");
    live_publish(&live, "/chat", "b");
    live_publish(&live, "/chat", "c");
}

#define POLL(position, messages, more) \
    "{\"channel\":\"/chat\",\"position\":\"E." position "\",\"messages\":[" messages "]" more "}\n"
#define A MESSAGE("1", "a")
#define B MESSAGE("2", "b")
#define C MESSAGE("3", "c")

static void poll_is(const char *position, const char *last, const char *want)
{
    char target[128];
    snprintf(target, sizeof target, "/chat?x%s%s%s", position ? "&since=" : "",
             position ? position : "", last);
    assert_answer(&live, "GET", target, "", "", 200, want);
}

static const char *at(int offset)
{
    static char text[WEFT_POSITION_TEXT];
    snprintf(text, sizeof text, "%s.%d", live_epoch(&live, "/chat"), offset);
    return text;
}

/* Every row of the table of positions. */
static void test_positions(void **state)
{
    (void)state;
    start(NULL);
    poll_is(NULL, "", POLL("3", A "," B "," C, ""));
    poll_is(NULL, "&last=2", POLL("3", B "," C, ""));
    poll_is(NULL, "&last=all", POLL("3", A "," B "," C, ""));
    poll_is(at(0), "", POLL("3", A "," B "," C, ""));
    poll_is(at(2), "", POLL("3", C, ""));
    poll_is(at(3), "", POLL("3", "", ""));
    poll_is(at(4), "", POLL("3", A "," B "," C, ",\"lost\":null"));
    poll_is("otherone.2", "", POLL("3", A "," B "," C, ",\"lost\":null"));
    poll_is("otherone.2", "&last=1", POLL("3", C, ",\"lost\":null"));
    live_end(&live);
}

static void test_lost(void **state)
{
    (void)state;
    const weft_topic_settings few = {.history_items = 1};
    start(&(weft_channels_config){.hub = &(weft_hub_config){.settings = &few}});
    poll_is(at(0), "", POLL("3", C, ",\"lost\":2"));
    poll_is(at(1), "", POLL("3", C, ",\"lost\":1"));
    poll_is(at(2), "", POLL("3", C, ""));
    poll_is(at(0), "&last=1", POLL("3", C, ",\"lost\":2"));
    live_end(&live);
}

static void test_cut(void **state)
{
    (void)state;
    struct raw *r;
    live_begin(&live,
               &(weft_channels_config){.hub = &(weft_hub_config){.settings = &(weft_topic_settings){
                                                                     .history_items = 3000}}});
    for (int i = 0; i < 1500; i++) live_publish(&live, "/chat", "x");
    assert_int_equal(live_ask(&live, "GET", "/chat", "", "", &r), 200);
    const char *body = tidy(&live, "/chat", (char *)raw_body(r));
    assert_non_null(strstr(body, "{\"channel\":\"/chat\",\"position\":\"E.1000\","));
    assert_non_null(strstr(body, "],\"more\":true}\n"));
    assert_int_equal(live_ask(&live, "GET", "/chat?last=1000", "", "", &r), 200);
    assert_null(strstr(raw_body(r), "more"));
    live_end(&live);
}

static void test_head_and_etag(void **state)
{
    (void)state;
    struct raw *r;
    char field[128];
    start(NULL);
    assert_int_equal(live_ask(&live, "HEAD", "/chat", "", "", &r), 200);
    snprintf(field, sizeof field, "Weft-Position: %s\r\n", at(3));
    assert_true(has_field(r, field));
    snprintf(field, sizeof field, "ETag: W/\"%s\"\r\n", at(3));
    assert_true(has_field(r, field));
    snprintf(field, sizeof field, "If-None-Match: \"x\", \"%s\"\r\n", at(3));
    assert_int_equal(live_ask(&live, "GET", "/chat", field, "", &r), 304);
    snprintf(field, sizeof field, "ETag: W/\"%s\"\r\n", at(3));
    assert_true(has_field(r, field));
    assert_int_equal(live_ask(&live, "HEAD", "/chat", "If-None-Match: *\r\n", "", &r), 304);
    snprintf(field, sizeof field, "If-None-Match: \"%s\"\r\n", at(2));
    assert_int_equal(live_ask(&live, "GET", "/chat", field, "", &r), 200);
    live_end(&live);
}

static void test_drop(void **state)
{
    (void)state;
    start(&(weft_channels_config){.rights = WEFT_RIGHT_READ | WEFT_RIGHT_DROP});
    assert_answer(&live, "DELETE", "/chat", "", "", 200, "{\"position\":\"E.3\"}\n");
    poll_is(NULL, "", POLL("3", "", ""));
    poll_is(at(3), "", POLL("3", "", ""));
    poll_is(at(1), "", POLL("3", "", ",\"lost\":2"));
    live_end(&live);
}

/* Who has what is not kept any more is not told that nothing is new. */
static void test_etag_behind_a_drop(void **state)
{
    (void)state;
    struct raw *r;
    char field[128], had[128];
    start(&(weft_channels_config){.rights = WEFT_RIGHT_READ | WEFT_RIGHT_DROP});
    snprintf(had, sizeof had, "If-None-Match: W/\"%s\"\r\n", at(3));
    assert_int_equal(live_ask(&live, "GET", "/chat", had, "", NULL), 304);
    assert_int_equal(live_ask(&live, "DELETE", "/chat", "", "", NULL), 200);
    assert_answer(&live, "GET", "/chat", had, "", 200, POLL("3", "", ""));
    assert_int_equal(live_ask(&live, "HEAD", "/chat", had, "", &r), 200);
    snprintf(field, sizeof field, "ETag: W/\"%s-0\"\r\n", at(3));
    assert_true(has_field(r, field));
    snprintf(field, sizeof field, "Weft-Position: %s\r\n", at(3));
    assert_true(has_field(r, field));
    snprintf(field, sizeof field, "If-None-Match: W/\"%s-0\"\r\n", at(3));
    assert_int_equal(live_ask(&live, "GET", "/chat", field, "", NULL), 304);
    live_publish(&live, "/chat", "d");
    assert_int_equal(live_ask(&live, "GET", "/chat", field, "", &r), 200);
    snprintf(field, sizeof field, "ETag: W/\"%s\"\r\n", at(4));
    assert_true(has_field(r, field));
    live_end(&live);
}

static void test_refusals(void **state)
{
    (void)state;
    struct raw *r;
    start(NULL);
    assert_int_equal(live_ask(&live, "DELETE", "/chat", "", "", &r), 403);
    assert_int_equal(live_ask(&live, "GET", "/chat/", "", "", &r), 400);
    assert_true(has_field(r, "Cache-Control: no-store\r\n"));
    assert_int_equal(live_ask(&live, "GET", "/chat?last=0", "", "", NULL), 400);
    assert_int_equal(live_ask(&live, "GET", "/healthz", "", "", NULL), 404);
    assert_int_equal(live_ask(&live, "PUT", "/chat", "", "", &r), 405);
    assert_true(has_field(r, "Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n"));
    assert_int_equal(live_ask(&live, "GET", "/chat", "Origin: http://evil\r\n", "", NULL), 403);
    assert_int_equal(live_ask(&live, "GET", "/chat", "Sec-Fetch-Site: cross-site\r\n", "", NULL),
                     403);
    assert_int_equal(live_ask(&live, "GET", "/chat", "Origin: http://localhost:1\r\n", "", &r),
                     200);
    assert_true(has_field(r, "Access-Control-Allow-Origin: http://localhost:1\r\n"));
    assert_true(
        has_field(r, "Access-Control-Expose-Headers: ETag, Weft-Position, Retry-After\r\n"));
    live_end(&live);
}

#define FROM(origin) "Origin: " origin "\r\n"
#define PREFLIGHT(method)                    \
    "Access-Control-Request-Method: " method \
    "\r\nAccess-Control-Request-Headers: idempotency-key\r\n"

static void test_options(void **state)
{
    (void)state;
    struct raw *r;
    start(NULL);
    assert_int_equal(live_ask(&live, "OPTIONS", "/chat", "", "", &r), 204);
    assert_true(has_field(r, "Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n"));
    assert_true(has_field(r, "Cache-Control: no-store\r\n"));
    assert_true(has_field(r, "Cross-Origin-Resource-Policy: same-origin\r\n"));
    assert_int_equal(
        live_ask(&live, "OPTIONS", "/chat", FROM("http://localhost:1") PREFLIGHT("POST"), "", &r),
        204);
    assert_true(has_field(r, "Access-Control-Allow-Origin: http://localhost:1\r\n"));
    assert_true(has_field(r, "Access-Control-Allow-Methods: POST\r\n"));
    assert_true(has_field(r, "Access-Control-Allow-Headers: idempotency-key\r\n"));
    assert_int_equal(
        live_ask(&live, "OPTIONS", "/chat", FROM("http://evil") PREFLIGHT("POST"), "", &r), 403);
    live_end(&live);
}

/* Nothing is left, and the answer is a whole one. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "HEAD"};
    for (size_t m = 0; m < countof(methods); m++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            start(NULL);
            struct raw *r = raw_connect(&live.w);
            settle(&live.w);
            world_fail_at(&live.w, n);
            raw_say(r, methods[m]);
            raw_say(r, " /chat HTTP/1.1\r\nHost: localhost\r\n\r\n");
            turn_until(&live.w, raw_status(r) || raw_ended(r));
            int status = raw_status(r);
            assert_true(status == 200 || status == 503 || status == 500 || !status);
            failed = live.w.asked > n;
            raw_free(r);
            world_fail_at(&live.w, -1);
            live_end(&live);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_head_and_etag),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_etag_behind_a_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
