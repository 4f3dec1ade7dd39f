/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_page.c - a browser is shown the page, and nobody else is
 */
#include "channel/live.h"

static struct live live;

#define HTML    "<!doctype html><title>a channel</title>"
#define BROWSER "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
#define LINK    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"

static void start(unsigned rights)
{
    char page[] = HTML;
    const weft_channels_config cfg = {.rights = rights,
                                      .page = {(const uint8_t *)page, sizeof page - 1}};
    live_begin(&live, &cfg);
    memset(page, 'x', sizeof page); /* it was copied */
}

static int get(const char *target, const char *fields, struct raw **answer)
{
    return live_ask(&live, "GET", target, fields, "", answer);
}

static void test_shown(void **state)
{
    (void)state;
    struct raw *r;
    start(0);
    assert_int_equal(get("/chat", BROWSER, &r), 200);
    assert_string_equal(raw_body(r), HTML);
    assert_true(has_field(r, "Content-Type: text/html; charset=utf-8\r\n"));
    assert_true(has_field(r, "Cache-Control: no-cache\r\n"));
    assert_true(has_field(r, "Vary: Accept, Origin\r\n"));
    assert_true(has_field(r, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(has_field(r, "Referrer-Policy: no-referrer\r\n"));
    assert_true(has_field(r, "frame-ancestors 'self'\r\n"));
    assert_false(has_field(r, "Weft-Position"));
    assert_int_equal(get("/chat", BROWSER LINK, &r), 200);
    assert_int_equal(get("/chat?token=x", BROWSER, &r), 200);
    assert_string_equal(raw_body(r), HTML);
    live_end(&live);
}

static void test_known(void **state)
{
    (void)state;
    struct raw *r;
    char etag[64], fields[256];
    start(0);
    assert_int_equal(get("/chat", BROWSER, &r), 200);
    assert_int_equal(sscanf(strstr(r->got, "ETag: "), "ETag: %63s", etag), 1);
    snprintf(fields, sizeof fields, BROWSER "If-None-Match: \"x\", %s\r\n", etag);
    assert_int_equal(get("/chat", fields, &r), 304);
    assert_true(has_field(r, etag));
    assert_int_equal(get("/other", fields, &r), 304);
    assert_int_equal(get("/chat", BROWSER "If-None-Match: \"x\"\r\n", &r), 200);
    live_end(&live);
}

static void test_only_browsers(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *fields;
    } others[] = {{"GET", "/chat", "Accept: */*\r\n"},
                  {"GET", "/chat?last=1", BROWSER},
                  {"HEAD", "/chat", BROWSER},
                  {"POST", "/chat", BROWSER}};
    struct raw *r;
    start(0);
    for (size_t i = 0; i < countof(others); i++) {
        assert_int_equal(
            live_ask(&live, others[i].method, others[i].target, others[i].fields, "", &r), 200);
        assert_true(has_field(r, "Content-Type: application/json\r\n"));
        assert_null(strstr(r->got, HTML));
    }
    live_end(&live);
}

/* Who is refused sees it, and finds out why by asking for JSON. */
static void test_refused(void **state)
{
    (void)state;
    struct raw *r;
    start(WEFT_RIGHT_WRITE);
    assert_int_equal(get("/chat", BROWSER, &r), 403);
    assert_string_equal(raw_body(r), HTML);
    assert_true(has_field(r, "Cache-Control: no-store\r\n"));
    assert_true(has_field(r, "frame-ancestors 'self'\r\n"));
    assert_false(has_field(r, "ETag"));
    assert_int_equal(get("/chat", "Accept: application/json\r\n", &r), 403);
    assert_string_equal(raw_body(r),
                        "{\"error\":{\"code\":403,\"message\":\"you may not read /chat\"}}\n");
    assert_int_equal(get("/chat/", BROWSER, &r), 400);
    assert_string_equal(raw_body(r), HTML);
    live_end(&live);
}

static void test_none(void **state)
{
    (void)state;
    struct raw *r;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    assert_int_equal(get("/chat", BROWSER, &r), 200);
    assert_true(has_field(r, "Content-Type: application/json\r\n"));
    assert_int_equal(get("/chat/", BROWSER, &r), 400);
    assert_true(has_field(r, "Content-Type: application/json\r\n"));
    live_end(&live);
}

/* Nothing is left, and the page is a whole one. */
static void test_no_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        start(0);
        struct raw *r = raw_connect(&live.w);
        settle(&live.w);
        world_fail_at(&live.w, n);
        raw_say(r, "GET /chat HTTP/1.1\r\nHost: localhost\r\n" BROWSER "\r\n");
        turn_until(&live.w, raw_status(r) || raw_ended(r));
        int status = raw_status(r);
        assert_true(status == 200 || status == 503 || status == 500 || !status);
        if (status == 200) assert_string_equal(raw_body(r), HTML);
        failed = live.w.asked > n;
        raw_free(r);
        world_fail_at(&live.w, -1);
        live_end(&live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),   cmocka_unit_test(test_known),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_only_browsers),
        cmocka_unit_test(test_none),    cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
