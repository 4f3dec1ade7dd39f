/* SPDX-License-Identifier: MIT
 *
 * What a request on a channel asks for: by its method, its Accept, and its parameters.
 */
#include "channel/ask.h"

#include "channel/unit.h"

#define CURL    "*/*"
#define BROWSER "text/html,application/xhtml+xml,*/*;q=0.8"
#define EVENTS  "text/event-stream"

static int ask(const char *method, const char *accept, const char *query, enum ask *out,
               struct refusal *why)
{
    struct params p;
    assert_int_equal(params_read(&p, bytes_of_text(query), why), 0);
    return ask_of_request(out, bytes_of_text(method), bytes_of_text(accept), &p, why);
}

static void asks(const char *method, const char *accept, const char *query, enum ask wanted)
{
    struct refusal why;
    enum ask got;
    if (ask(method, accept, query, &got, &why) < 0)
        fail_msg("%s ?%s: %s", method, query, why.words);
    if (got != wanted) fail_msg("%s %s ?%s: %d, not %d", method, accept, query, got, wanted);
}

static void refuses(const char *method, const char *accept, const char *query, int code,
                    const char *words)
{
    struct refusal why;
    enum ask got;
    if (ask(method, accept, query, &got, &why) == 0)
        fail_msg("%s ?%s is taken for %d", method, query, got);
    assert_refused(why, code, words);
}

static void each_way_to_read_has_its_form(void **state)
{
    (void)state;
    asks("GET", EVENTS, "", ASK_SSE);
    asks("GET", CURL, "stream=sse", ASK_SSE);
    asks("GET", CURL, "stream", ASK_STREAM);
    asks("GET", CURL, "stream=raw", ASK_STREAM_RAW);
    asks("GET", CURL, "wait=25&since=k3f9a2c1.42", ASK_WAIT);
    asks("GET", CURL, "wait=25", ASK_WAIT);
    asks("GET", CURL, "presence", ASK_PRESENCE);
    asks("GET", CURL, "since=k3f9a2c1.42", ASK_POLL);
    asks("GET", CURL, "last=10", ASK_POLL);
    asks("GET", CURL, "last=all", ASK_POLL);
    asks("GET", BROWSER, "", ASK_PAGE);
    asks("GET", CURL, "", ASK_LOOK);
    asks("GET", "", "", ASK_LOOK);
}

static void each_method_has_its_meaning(void **state)
{
    (void)state;
    asks("HEAD", CURL, "", ASK_POSITION);
    asks("POST", CURL, "", ASK_PUBLISH);
    asks("DELETE", CURL, "", ASK_DROP);
    asks("OPTIONS", CURL, "", ASK_OPTIONS);
    refuses("PUT", CURL, "", 405, "GET, HEAD, POST, DELETE, OPTIONS");
    refuses("get", CURL, "", 405, "methods");
}

/* EventSource on any URL of a channel gets events. */
static void event_source_is_never_surprised(void **state)
{
    (void)state;
    asks("GET", EVENTS, "stream", ASK_SSE);
    asks("GET", EVENTS, "stream=raw", ASK_SSE);
    asks("GET", EVENTS, "last=all", ASK_SSE);
    asks("GET", EVENTS, "since=k3f9a2c1.42&last=10&client=ann&presence=events", ASK_SSE);
    asks("GET", "text/html," EVENTS, "", ASK_SSE);
}

/* The page is for who types the URL alone. */
static void a_browser_sees_answers_too(void **state)
{
    (void)state;
    asks("GET", BROWSER, "last=10", ASK_POLL);
    asks("GET", BROWSER, "since=k3f9a2c1.42", ASK_POLL);
    asks("GET", BROWSER, "wait=25", ASK_WAIT);
    asks("GET", BROWSER, "stream", ASK_STREAM);
    asks("GET", BROWSER, "presence", ASK_PRESENCE);
    asks("GET", BROWSER, "client=ann", ASK_PAGE);
    asks("GET", BROWSER, "token=x", ASK_PAGE);
}

static void what_goes_on_and_what_ends_exclude_each_other(void **state)
{
    (void)state;
    refuses("GET", CURL, "stream&wait=25", 400, "\"wait\" in the URL does not go with \"stream\"");
    refuses("GET", CURL, "stream=raw&wait=25", 400,
            "\"wait\" in the URL does not go with \"stream=raw\"");
    refuses("GET", EVENTS, "wait=25", 400,
            "\"wait\" in the URL does not go with a stream of events");
    refuses("GET", CURL, "wait=25&presence", 400,
            "\"presence\" in the URL does not go with \"wait\"");
    refuses("GET", CURL, "presence&since=k3f9a2c1.42", 400,
            "\"since\" in the URL does not go with \"presence\"");
    refuses("GET", CURL, "presence&last=3", 400,
            "\"last\" in the URL does not go with \"presence\"");
}

static void presence_events_go_on(void **state)
{
    (void)state;
    asks("GET", CURL, "stream&presence=events", ASK_STREAM);
    refuses("GET", CURL, "stream&presence", 400, "say \"presence=events\"");
    refuses("GET", EVENTS, "presence", 400, "say \"presence=events\"");
    refuses("GET", CURL, "presence=events", 400, "does not go with a single answer");
    refuses("GET", BROWSER, "presence=events", 400, "does not go with a page");
    refuses("GET", CURL, "presence=events&last=10", 400, "does not go with a poll");
    refuses("GET", CURL, "stream=raw&presence=events", 400, "does not go with \"stream=raw\"");
}

static void subscribe_is_for_sockets(void **state)
{
    (void)state;
    refuses("GET", CURL, "subscribe=no", 400,
            "\"subscribe\" in the URL does not go with a single answer");
    refuses("POST", CURL, "subscribe=no", 400, "does not go with POST");
}

static void who_publishes_says_at_most_who_he_is(void **state)
{
    (void)state;
    asks("POST", CURL, "client=ann&token=x", ASK_PUBLISH);
    refuses("POST", CURL, "last=10", 400, "\"last\" in the URL does not go with POST");
    refuses("DELETE", CURL, "since=k3f9a2c1.42", 400,
            "\"since\" in the URL does not go with DELETE");
}

/* Which are asked of URLs that are meant for GET. */
static void head_and_options_take_every_url(void **state)
{
    (void)state;
    const char *all = "stream&wait=1&since=k3f9a2c1.42&last=1&client=a&presence&subscribe=no";
    asks("HEAD", CURL, all, ASK_POSITION);
    asks("OPTIONS", CURL, all, ASK_OPTIONS);
}

/* ---- upgrades -------------------------------------------------------------------------------- */

static int upgrade(bool v1, const char *query, enum ask *out, struct refusal *why)
{
    struct params p;
    assert_int_equal(params_read(&p, bytes_of_text(query), why), 0);
    return ask_of_upgrade(out, v1, &p, why);
}

static void a_socket_begins_somewhere(void **state)
{
    (void)state;
    struct refusal why;
    enum ask got;
    for (int v1 = 0; v1 < 2; v1++) {
        assert_int_equal(upgrade(v1, "", &got, &why), 0);
        assert_int_equal(got, v1 ? ASK_SOCKET_V1 : ASK_SOCKET);
        assert_int_equal(
            upgrade(v1, "since=k3f9a2c1.42&last=3&client=ann&subscribe=yes", &got, &why), 0);
        assert_int_equal(upgrade(v1, "subscribe=no&client=ann", &got, &why), 0);
    }
    assert_int_equal(upgrade(true, "presence=events", &got, &why), 0);
}

static void or_it_is_refused(void **state)
{
    (void)state;
    static const struct {
        bool v1;
        const char *query, *words;
    } cases[] = {
        {true, "stream", "\"stream\" in the URL does not go with a WebSocket"},
        {false, "wait=25", "\"wait\" in the URL does not go with a WebSocket"},
        {false, "presence=events", "does not go with a WebSocket without weft.v1"},
        {true, "presence", "say \"presence=events\""},
        {true, "subscribe=no&since=k3f9a2c1.42",
         "\"since\" in the URL does not go with \"subscribe=no\""},
        {false, "subscribe=no&last=1", "\"last\" in the URL does not go with \"subscribe=no\""},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct refusal why;
        enum ask got;
        assert_int_equal(upgrade(cases[i].v1, cases[i].query, &got, &why), -1);
        assert_refused(why, 400, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_read_has_its_form),
        cmocka_unit_test(each_method_has_its_meaning),
        cmocka_unit_test(event_source_is_never_surprised),
        cmocka_unit_test(a_browser_sees_answers_too),
        cmocka_unit_test(what_goes_on_and_what_ends_exclude_each_other),
        cmocka_unit_test(presence_events_go_on),
        cmocka_unit_test(subscribe_is_for_sockets),
        cmocka_unit_test(who_publishes_says_at_most_who_he_is),
        cmocka_unit_test(head_and_options_take_every_url),
        cmocka_unit_test(a_socket_begins_somewhere),
        cmocka_unit_test(or_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
