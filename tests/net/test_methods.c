/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_methods.c - routes that have some methods only
 */
#include "streaming.h"

#include "base/bytes.h"
#include "net/web/methods.h"

/* ---- lists ----------------------------------------------------------------------------------- */

static void parses(const char *methods, const char *want)
{
    char *got;
    assert_int_equal(methods_parse(&got, &world.env, "methods", methods), want ? 0 : -EINVAL);
    if (want) assert_string_equal(got, want);
    else assert_null(got);
    world.env.realloc(world.env.ctx, got, 0);
}

static void test_lists(void **state)
{
    (void)state;
    parses("GET", "GET, HEAD");
    parses("GET,POST ,\tDELETE", "GET, POST, DELETE, HEAD");
    parses("HEAD, GET", "HEAD, GET");
    parses("POST", "POST");
    parses(",POST,,", "POST");
    parses("OPTIONS", "OPTIONS");
    parses("get", "get");
    parses("", NULL);
    parses(" , ", NULL);
    parses("GET POST", NULL);
    parses("GET, PO:ST", NULL);
    parses("G\xc3\x89T", NULL);
    char *got = (char *)"";
    assert_int_equal(methods_parse(&got, &world.env, "methods", NULL), 0);
    assert_null(got);
}

static void test_long_lists(void **state)
{
    (void)state;
    static char text[1026], want[1032];
    memset(text, 'X', 1024);
    snprintf(want, sizeof want, "%s", text);
    parses(text, want);
    text[1024] = 'X';
    parses(text, NULL);
    for (size_t i = 0; i < 1024; i += 2) text[i] = ',';
    text[1024] = 0;
    char *got;
    assert_int_equal(methods_parse(&got, &world.env, "methods", text), 0);
    assert_int_equal(strlen(got), 512 * 3 - 2);
    world.env.realloc(world.env.ctx, got, 0);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void route(const char *path, const char *methods)
{
    const weft_request_handler h = {.on_request = hold, .methods = methods};
    assert_int_equal(weft_server_on_request(world.server, path, &h, NULL), 0);
}

static void test_routes_with_wrong_lists(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", ",", "GET POST", "GET;POST", "GET\n"};
    for (size_t i = 0; i < countof(wrong); i++) {
        const weft_request_handler h = {.on_request = hold, .methods = wrong[i]};
        assert_int_equal(weft_server_on_request(world.server, "/x", &h, NULL), -EINVAL);
    }
}

static void answers(struct raw *r, const char *request)
{
    raw_forget(r);
    held = NULL;
    raw_say(r, request);
    turn_until(&world, held);
    assert_int_equal(weft_respond(take(), 200, NULL, "yes", 3), 0);
    turn_until(&world, raw_status(r) == 200);
    settle(&world);
}

#define ASK(method, more) method " /some HTTP/1.1\r\nHost: x\r\n" more "\r\n"

static void test_those_there_are(void **state)
{
    (void)state;
    route("/some", "GET, PUT");
    struct raw *r = raw_connect(&world);
    answers(r, ASK("GET", ""));
    assert_string_equal(raw_body(r), "yes");
    answers(r, ASK("HEAD", ""));
    assert_string_equal(raw_body(r), "");
    answers(r, ASK("PUT", "Content-Length: 2\r\n") "hi");
    answers(r, "DELETE /other HTTP/1.1\r\nHost: x\r\n\r\n"); /* of another route */
    raw_free(r);
}

/* Before the body has come; and what is told is what there is. */
static void test_those_there_are_not(void **state)
{
    (void)state;
    static const char *const asked[] = {ASK("POST", "Content-Length: 9\r\n"), ASK("get", ""),
                                        ASK("DELETE", "")};
    route("/some", "GET, PUT");
    for (size_t i = 0; i < countof(asked); i++) {
        struct raw *r = raw_connect(&world);
        held = NULL;
        assert_int_equal(raw_ask(&world, r, asked[i]), 405);
        assert_null(held);
        assert_true(raw_heard(r, "\r\nAllow: GET, PUT, HEAD, OPTIONS\r\n"));
        assert_false(raw_heard(r, "Allow: GET\r\n"));
        assert_string_equal(raw_body(r), "this path does not have this method\n");
        turn_until(&world, raw_ended(r));
        raw_free(r);
    }
    assert_int_equal(weft_server_count_refused(world.server, 405), countof(asked));
}

static void test_options(void **state)
{
    (void)state;
    route("/some", "GET, PUT");
    uint64_t before = weft_server_count(world.server, WEFT_COUNT_REQUESTS);
    struct raw *r = raw_connect(&world);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(raw_ask(&world, r, ASK("OPTIONS", "")), 204);
        assert_true(raw_heard(r, "\r\nAllow: GET, PUT, HEAD, OPTIONS\r\n"));
        assert_false(raw_heard(r, "Content-Length"));
    }
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_REQUESTS) - before, 2);
    answers(r, ASK("GET", "")); /* the connection is as good as before */
    raw_free(r);
    route("/some", "OPTIONS");
    r = raw_connect(&world);
    answers(r, ASK("OPTIONS", ""));
    raw_free(r);
    route("/some", NULL);
    r = raw_connect(&world);
    answers(r, ASK("OPTIONS", ""));
    answers(r, ASK("ANYTHING", ""));
    raw_free(r);
}

/* ---- no memory ------------------------------------------------------------------------------- */

/* Whichever allocation fails: one of these statuses, or the connection has ended without one. */
static void test_no_memory(void **state)
{
    (void)state;
    route("/some", "GET");
    for (int kind = 0; kind < 2; kind++) {
        long n = 0;
        for (bool failed = true; failed; n++) {
            struct raw *r = raw_connect(&world);
            settle(&world);
            world_fail_at(&world, n);
            raw_say(r, kind ? ASK("OPTIONS", "") : ASK("PUT", ""));
            turn_until(&world, raw_status(r) || raw_ended(r));
            failed = world.asked > n;
            world_fail_at(&world, -1);
            int status = raw_status(r), want = kind ? 204 : 405;
            assert_true(status == want || (failed && (status == 0 || status == 503)));
            raw_free(r);
            settle(&world);
        }
        assert_true(n > 3);
    }
}

static void test_no_memory_for_a_route(void **state)
{
    (void)state;
    const weft_request_handler h = {.on_request = hold, .methods = "GET"};
    for (long n = 0;; n++) {
        world_fail_at(&world, n);
        int error = weft_server_on_request(world.server, "/new", &h, NULL);
        world_fail_at(&world, -1);
        if (!error) break;
        assert_int_equal(error, -ENOMEM);
        assert_in_range(n, 0, 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_lists),
        unit(test_long_lists),
        unit(test_routes_with_wrong_lists),
        unit(test_those_there_are),
        unit(test_those_there_are_not),
        unit(test_options),
        unit(test_no_memory),
        unit(test_no_memory_for_a_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
