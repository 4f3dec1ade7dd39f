/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_cors.c - routes whose answers pages of other origins may read
 */
#include "streaming.h"

static const char *const good[] = {"https://good.example", NULL};
static const char *const all[] = {"*", NULL};

static void begin_for(const char *const *origins, const char *methods)
{
    const weft_request_handler h = {.on_request = hold,
                                    .methods = methods,
                                    .cors = true,
                                    .limits = &(weft_limits){.http_body_max = 10}};
    again_with(&(weft_server_config){.origins = origins});
    assert_int_equal(weft_server_on_request(world.server, "/api", &h, NULL), 0);
}

#define ASK(method, more) method " /api HTTP/1.1\r\nHost: here.example\r\n" more "\r\n"
#define GOOD              "Origin: https://good.example\r\n"
#define EVIL              "Origin: https://evil.example\r\n"

static struct raw *answered(const char *request)
{
    struct raw *r = ask(request);
    assert_int_equal(weft_respond(take(), 200, "text/plain", "x", 1), 0);
    turn_until(&world, raw_status(r));
    return r;
}

static void expect_named(struct raw *r)
{
    assert_true(raw_heard(r, "\r\nVary: Origin\r\n"));
    assert_true(raw_heard(r, "\r\nAccess-Control-Allow-Origin: https://good.example\r\n"));
    assert_true(raw_heard(r, "\r\nAccess-Control-Allow-Credentials: true\r\n"));
    raw_free(r);
}

static void expect_none(struct raw *r)
{
    assert_true(raw_heard(r, "\r\nVary: Origin\r\n"));
    assert_false(raw_heard(r, "Access-Control"));
    raw_free(r);
}

static void expect_everybody(struct raw *r)
{
    assert_true(raw_heard(r, "\r\nAccess-Control-Allow-Origin: *\r\n"));
    assert_false(raw_heard(r, "Credentials"));
    assert_false(raw_heard(r, "Vary"));
    raw_free(r);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void test_answers(void **state)
{
    (void)state;
    begin_for(good, NULL);
    expect_named(answered(ASK("GET", GOOD)));
    expect_none(answered(ASK("GET", EVIL)));
    expect_none(answered(ASK("GET", "Origin: null\r\n")));
    expect_none(answered(ASK("GET", GOOD GOOD)));
    expect_none(answered(ASK("GET", ""))); /* but another's would be another */
}

static void test_answers_for_everybody(void **state)
{
    (void)state;
    begin_for(all, NULL);
    expect_everybody(answered(ASK("GET", EVIL)));
    expect_everybody(answered(ASK("GET", "")));
}

/* Any page can make itself one of null's. */
static void test_null_has_no_cookies(void **state)
{
    (void)state;
    static const char *const null[] = {"null", NULL};
    begin_for(null, NULL);
    struct raw *r = answered(ASK("GET", "Origin: null\r\n"));
    assert_true(raw_heard(r, "Access-Control-Allow-Origin: null\r\n"));
    assert_false(raw_heard(r, "Credentials"));
    raw_free(r);
}

/* The rule for upgrades when none are named: pages of this machine, while all listen on loopback. */
static void test_answers_on_this_machine(void **state)
{
    (void)state;
    begin_for(NULL, NULL);
    struct raw *r = answered(ASK("GET", "Origin: http://localhost:5173\r\n"));
    assert_true(raw_heard(r, "Access-Control-Allow-Origin: http://localhost:5173\r\n"));
    assert_false(raw_heard(r, "Credentials")); /* cookies do not tell ports apart */
    raw_free(r);
    expect_none(answered(ASK("GET", EVIL)));
}

static void test_answers_that_stream(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    begin_for(good, NULL);
    struct raw *r = ask(ASK("GET", GOOD));
    stream(&s, 1);
    assert_int_equal(put(&s, "x"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    turn_until(&world, raw_status(r));
    expect_named(r);
}

/* Of one connection each has its own. */
static void test_answers_one_after_the_other(void **state)
{
    (void)state;
    begin_for(good, NULL);
    struct raw *r = raw_connect(&world);
    for (int i = 0; i < 3; i++) {
        held = NULL;
        raw_forget(r);
        raw_say(r, i == 1 ? GET("/other") : ASK("GET", GOOD));
        turn_until(&world, held);
        assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
        turn_until(&world, raw_status(r));
        assert_int_equal(raw_heard(r, "Access-Control-Allow-Origin"), i != 1);
        assert_int_equal(raw_heard(r, "Vary"), i != 1);
    }
    raw_free(r);
}

/* What the user says himself is not said twice. */
static void test_answers_with_fields_of_the_user_s(void **state)
{
    (void)state;
    begin_for(good, NULL);
    struct raw *r = ask(ASK("GET", GOOD));
    assert_int_equal(weft_reply_field(held, "vary", "Cookie"), 0);
    assert_int_equal(weft_reply_field(held, "access-control-allow-credentials", "no"), 0);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
    turn_until(&world, raw_status(r));
    assert_true(raw_heard(r, "\r\nvary: Cookie\r\n"));
    assert_true(raw_heard(r, "\r\nVary: Origin\r\n"));
    assert_true(raw_heard(r, "\r\naccess-control-allow-credentials: no\r\n"));
    assert_false(raw_heard(r, "Access-Control-Allow-Credentials"));
    raw_free(r);
    r = raw_connect(&world);
    held = NULL;
    raw_say(r, ASK("GET", GOOD));
    turn_until(&world, held);
    assert_int_equal(weft_reply_field(held, "vary", "Accept, origin"), 0);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
    turn_until(&world, raw_status(r));
    assert_false(raw_heard(r, "Vary"));
    raw_free(r);
}

/* ---- refusals: a page can read what went wrong ------------------------------------------------ */

static struct raw *refused(const char *request, int status)
{
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, request), status);
    turn_until(&world, raw_ended(r));
    return r;
}

static void test_refusals(void **state)
{
    (void)state;
    begin_for(good, "GET, POST");
    expect_named(refused(ASK("POST", GOOD "Content-Length: 11\r\n"), 413));
    expect_named(refused(ASK("DELETE", GOOD), 405));
    expect_none(refused(ASK("DELETE", EVIL), 405));
    struct raw *r = raw_connect(&world);
    raw_say(r, ASK("POST", GOOD "Content-Length: 5\r\n") "x");
    settle(&world);
    pass(&world, 600000);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 408);
    expect_named(r);
    r = ask(ASK("GET", GOOD));
    assert_int_equal(weft_respond(take(), 99, NULL, "x", 1), -EINVAL);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 500);
    expect_named(r);
}

/* ---- preflights ------------------------------------------------------------------------------ */

#define WANTS "Access-Control-Request-Method: PUT\r\n"

static struct raw *preflight(const char *request)
{
    struct raw *r = raw_connect(&world);
    held = NULL;
    assert_int_equal(raw_ask(&world, r, request), 204);
    assert_null(held);
    assert_false(raw_ended(r));
    assert_true(raw_heard(r, "\r\nAccess-Control-Max-Age: 3600\r\n"));
    return r;
}

static void test_preflights(void **state)
{
    (void)state;
    begin_for(good, "GET, PUT");
    struct raw *r =
        preflight(ASK("OPTIONS", GOOD WANTS "Access-Control-Request-Headers: a,x-b\r\n"));
    assert_true(raw_heard(r, "\r\nAccess-Control-Allow-Methods: GET, PUT, HEAD\r\n"));
    assert_true(raw_heard(r, "\r\nAccess-Control-Allow-Headers: a,x-b\r\n"));
    expect_named(r);
    r = preflight(ASK("OPTIONS", GOOD WANTS));
    assert_false(raw_heard(r, "Access-Control-Allow-Headers"));
    expect_named(r);
    begin_for(all, NULL);
    r = preflight(ASK("OPTIONS", EVIL WANTS));
    assert_true(raw_heard(r, "\r\nAccess-Control-Allow-Methods: PUT\r\n"));
    expect_everybody(r);
}

static void test_preflights_of_others(void **state)
{
    (void)state;
    begin_for(good, NULL);
    struct raw *r = refused(ASK("OPTIONS", EVIL WANTS), 403);
    assert_string_equal(raw_body(r),
                        "pages of https://evil.example may not read what is answered here; to let "
                        "them, add it to the server's origins (--origin https://evil.example)\n");
    expect_none(r);
}

/* An OPTIONS that asks for nothing of the kind is a request. */
static void test_no_preflights(void **state)
{
    (void)state;
    begin_for(good, NULL);
    expect_named(answered(ASK("OPTIONS", GOOD)));
    expect_none(answered(ASK("OPTIONS", WANTS)));
    expect_named(answered(ASK("PUT", GOOD WANTS)));
    begin_for(good, "GET");
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, ASK("OPTIONS", GOOD)), 204);
    assert_true(raw_heard(r, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    expect_named(r);
}

/* ---- no memory ------------------------------------------------------------------------------- */

static void test_no_memory(void **state)
{
    (void)state;
    static const char *const asked[] = {ASK("GET", GOOD), ASK("OPTIONS", GOOD WANTS)};
    begin_for(good, NULL);
    assert_int_equal(world_requests(world.server, "/hold", hold, NULL), 0);
    for (size_t i = 0; i < countof(asked); i++) {
        long n = 0;
        for (bool failed = true; failed; n++) {
            struct raw *r = raw_connect(&world);
            settle(&world);
            held = NULL;
            world_fail_at(&world, n);
            raw_say(r, asked[i]);
            turn_until(&world, held || raw_status(r) || raw_ended(r));
            if (held) whatever(weft_respond(take(), 200, NULL, "x", 1));
            turn_until(&world, raw_status(r) || raw_ended(r));
            failed = world.asked > n;
            world_fail_at(&world, -1);
            int status = raw_status(r);
            if (status == 200 || status == 204) assert_true(raw_heard(r, "Allow-Origin: https"));
            else assert_true(failed && (status == 0 || status == 500 || status == 503));
            raw_free(r);
            settle(&world);
        }
        assert_true(n > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_answers),
        unit(test_answers_for_everybody),
        unit(test_null_has_no_cookies),
        unit(test_answers_on_this_machine),
        unit(test_answers_that_stream),
        unit(test_answers_one_after_the_other),
        unit(test_answers_with_fields_of_the_user_s),
        unit(test_refusals),
        unit(test_preflights),
        unit(test_preflights_of_others),
        unit(test_no_preflights),
        unit(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
