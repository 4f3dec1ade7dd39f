/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_pattern.c - standing orders, over loopback
 */
#include "channel/v1.h"

static struct live live;

static const weft_channels_config open_to_all = {.rights = WEFT_RIGHT_READ | WEFT_RIGHT_WRITE |
                                                           WEFT_RIGHT_PATTERN};

/* ---- what is heard --------------------------------------------------------------------------- */

/* Of whichever channel: positions are E.n. */
static const char *heard(struct raw *r)
{
    char *text = (char *)v1_said(&live, r), *to = text;
    for (const char *from = text; *from; *to++ = *from++) {
        size_t n = strspn(from, "abcdefghijklmnopqrstuvwxyz0123456789");
        bool is_epoch = n == 8 && from > text && from[-1] == '"' && from[n] == '.';
        if (!is_epoch) continue;
        *to++ = 'E';
        from += n;
    }
    *to = '\0';
    return text;
}

#define assert_heard(r, want) assert_string_equal(heard(r), want)
#define JOINED(channel, at)                                                   \
    "{\"channel\":\"" channel "\",\"position\":\"E." at "\",\"head\":\"E." at \
    "\",\"policy\":\"queue\"}\n"
#define SAYS(channel, at, data) \
    "{\"channel\":\"" channel "\",\"position\":\"E." at "\",\"time\":0,\"data\":\"" data "\"}\n"
#define OK_PATTERN "{\"id\":1,\"ok\":{\"channel\":\"/q/*\"}}\n"

static struct raw *dial(void)
{
    struct raw *r = v1_dial(&live, "/url?subscribe=no");
    assert_non_null(strstr(heard(r), "{\"hello\":"));
    return r;
}

static struct raw *dial_and_say(const char *command)
{
    struct raw *r = dial();
    raw_text(r, command);
    return r;
}

/* ---- joining --------------------------------------------------------------------------------- */

static void test_those_that_are_there_and_those_that_come(void **state)
{
    (void)state;
    live_begin(&live, &open_to_all);
    live_publish(&live, "/q/a", "before");
    live_publish(&live, "/q/a/deeper", "no");
    live_publish(&live, "/q", "no");
    live_publish(&live, "/q/.hidden", "a topic of the program's own");
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, JOINED("/q/a", "1") OK_PATTERN);
    live_publish(&live, "/q/a", "1");
    assert_heard(r, SAYS("/q/a", "2", "1"));
    live_publish(&live, "/q/b", "first");
    live_publish(&live, "/q/b", "second");
    live_publish(&live, "/q/b/deeper", "no");
    live_publish(&live, "/other", "no");
    assert_heard(
        r,
        "{\"channel\":\"/q/b\",\"position\":\"E.0\",\"head\":\"E.2\",\"policy\":\"queue\"}\n" SAYS(
            "/q/b", "1", "first") SAYS("/q/b", "2", "second"));
    raw_text(r, "{\"publish\":\"/q/c\",\"data\":\"mine\"}");
    assert_heard(
        r,
        "{\"channel\":\"/q/c\",\"position\":\"E.0\",\"head\":\"E.1\",\"policy\":\"queue\"}\n" SAYS(
            "/q/c", "1", "mine"));
    raw_free(r);
    live_end(&live);
}

/* With no history at all, and nothing else that would keep a topic. */
static void test_the_first_message_without_history(void **state)
{
    (void)state;
    const weft_topic_settings nothing = {.stub_ms = 0};
    weft_channels_config cfg = open_to_all;
    cfg.hub = &(weft_hub_config){.settings = &nothing};
    live_begin(&live, &cfg);
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, OK_PATTERN);
    live_publish(&live, "/q/a", "1");
    live_publish(&live, "/q/a", "2");
    live_publish(&live, "/no/a", "3");
    assert_heard(
        r,
        "{\"channel\":\"/q/a\",\"position\":\"E.0\",\"head\":\"E.2\",\"policy\":\"queue\"}\n" SAYS(
            "/q/a", "1", "1") SAYS("/q/a", "2", "2"));
    raw_free(r);
    live_end(&live);
}

static void test_last_is_for_each(void **state)
{
    (void)state;
    live_begin(&live, &open_to_all);
    for (int i = 0; i < 3; i++) live_publish(&live, "/q/a", "x");
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\",\"last\":2}");
    assert_heard(
        r,
        "{\"channel\":\"/q/a\",\"position\":\"E.1\",\"head\":\"E.3\",\"policy\":\"queue\"}\n" OK_PATTERN
            SAYS("/q/a", "2", "x") SAYS("/q/a", "3", "x"));
    raw_text(r, "{\"id\":2,\"subscribe\":\"/q/*\",\"since\":\"k3f9a2c1.1\"}");
    assert_non_null(strstr(heard(r),
                           "{\"id\":2,\"error\":{\"code\":400,\"message\":\"\\\"since\\\" is a "
                           "position of one channel"));
    raw_free(r);
    live_end(&live);
}

/* By name and by pattern: each message once, and it goes on as long as somebody wants it. */
static void test_once_for_both(void **state)
{
    (void)state;
    live_begin(&live, &open_to_all);
    live_publish(&live, "/q/a", "0");
    live_publish(&live, "/q/b", "0");
    struct raw *r = dial_and_say("{\"id\":0,\"subscribe\":\"/q/a\"}");
    (void)heard(r);
    raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, JOINED("/q/b", "1") OK_PATTERN); /* of the other it knows where it is */
    raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, OK_PATTERN);
    raw_text(r, "{\"id\":2,\"subscribe\":\"/q/b\"}");
    assert_heard(r, "{\"id\":2,\"ok\":{\"channel\":\"/q/b\",\"position\":\"E.1\",\"head\":\"E.1\","
                    "\"policy\":\"queue\"}}\n");
    live_publish(&live, "/q/a", "1");
    live_publish(&live, "/q/b", "1");
    assert_heard(r, SAYS("/q/a", "2", "1") SAYS("/q/b", "2", "1"));
    raw_text(r, "{\"id\":3,\"unsubscribe\":\"/q/a\"}"); /* the pattern's it still is */
    assert_heard(r, "{\"id\":3,\"ok\":{}}\n");
    live_publish(&live, "/q/a", "2");
    assert_heard(r, SAYS("/q/a", "3", "2"));
    raw_text(r, "{\"id\":4,\"unsubscribe\":\"/q/*\"}");
    assert_heard(r, "{\"id\":4,\"ok\":{}}\n");
    live_publish(&live, "/q/a", "3");
    live_publish(&live, "/q/b", "2"); /* this one has been named */
    live_publish(&live, "/q/new", "1");
    assert_heard(r, SAYS("/q/b", "3", "2"));
    raw_text(r, "{\"id\":5,\"unsubscribe\":\"/q/*\"}"); /* it is none */
    assert_heard(r, "{\"id\":5,\"ok\":{}}\n");
    raw_free(r);
    live_end(&live);
}

static void test_many_sessions_and_levels(void **state)
{
    (void)state;
    live_begin(&live, &open_to_all);
    struct raw *one = dial_and_say("{\"subscribe\":\"/q/*\"}"),
               *other = dial_and_say("{\"subscribe\":\"/q/*\"}");
    raw_text(one, "{\"subscribe\":\"/p/*\"}");
    assert_heard(one, "");
    assert_heard(other, "");
    live_publish(&live, "/q/a", "1");
    live_publish(&live, "/p/a", "1");
    static const char q[] =
        "{\"channel\":\"/q/a\",\"position\":\"E.0\",\"head\":\"E.1\",\"policy\":\"queue\"}\n";
    const char *text = heard(one);
    assert_non_null(strstr(text, q));
    assert_non_null(strstr(text, SAYS("/q/a", "1", "1")));
    assert_non_null(strstr(text, SAYS("/p/a", "1", "1")));
    text = heard(other);
    assert_memory_equal(text, q, sizeof q - 1);
    assert_null(strstr(text, "/p/a"));
    raw_free(one);
    settle(&live.w);
    live_publish(&live, "/q/b", "1");
    assert_non_null(strstr(heard(other), SAYS("/q/b", "1", "1")));
    raw_free(other);
    live_end(&live);
}

/* ---- limits ---------------------------------------------------------------------------------- */

enum { SUBSCRIPTIONS_MAX = 128 };

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

static const char full[] = "{\"channel\":\"/q/*\",\"error\":{\"code\":429,";

static void test_as_many_as_fit(void **state)
{
    (void)state;
    char name[32];
    live_begin(&live, &open_to_all);
    for (int i = 0; i < SUBSCRIPTIONS_MAX - 2; i++) {
        snprintf(name, sizeof name, "/q/%d", i);
        live_publish(&live, name, "x");
    }
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    const char *text = heard(r);
    assert_int_equal(count(text, "\"policy\""), SUBSCRIPTIONS_MAX - 2);
    assert_int_equal(count(text, "error"), 0);
    live_publish(&live, "/q/last", "x"); /* with the pattern itself it is the 128th */
    assert_non_null(strstr(heard(r), SAYS("/q/last", "1", "x")));
    live_publish(&live, "/q/toomuch", "x");
    live_publish(&live, "/q/again", "x");
    text = heard(r);
    assert_memory_equal(text, full, sizeof full - 1); /* once */
    assert_int_equal(count(text, "\n"), 1);
    raw_text(r, "{\"id\":2,\"subscribe\":\"/chat\"}");
    assert_non_null(strstr(heard(r), "{\"id\":2,\"error\":{\"code\":429,"));
    raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}"); /* it is told again */
    text = heard(r);
    assert_memory_equal(text, full, sizeof full - 1);
    assert_non_null(strstr(text, OK_PATTERN));
    raw_text(r, "{\"id\":3,\"subscribe\":\"/p/*\"}");
    assert_non_null(strstr(heard(r), "{\"id\":3,\"error\":{\"code\":429,"));
    raw_text(r, "{\"id\":4,\"unsubscribe\":\"/q/*\"}");
    assert_heard(r, "{\"id\":4,\"ok\":{}}\n");
    raw_text(r, "{\"id\":3,\"subscribe\":\"/p/*\"}");
    assert_heard(r, "{\"id\":3,\"ok\":{\"channel\":\"/p/*\"}}\n");
    raw_free(r);
    live_end(&live);
}

/* ---- rights ---------------------------------------------------------------------------------- */

static weft_channel_ask *held[8];
static unsigned n_held, n_asked;
static char asked[256];

static void on_ask(weft_channel_ask *a, void *user)
{
    weft_bytes name = weft_channel_ask_name(a);
    (void)user;
    if (!strcmp((const char *)name.data, "/url")) {
        weft_channel_ask_grant(a, WEFT_RIGHT_READ);
        return;
    }
    n_asked++;
    size_t at = strlen(asked);
    snprintf(asked + at, sizeof asked - at, "%s %u,", (const char *)name.data,
             weft_channel_ask_rights(a));
    if (!strcmp((const char *)name.data, "/q/no")) weft_channel_ask_refuse(a, 403, "no");
    else if (!strcmp((const char *)name.data, "/q/held")) held[n_held++] = a;
    else weft_channel_ask_grant(a, WEFT_RIGHT_READ | WEFT_RIGHT_PATTERN);
}

static void begin_asking(void)
{
    n_held = n_asked = 0;
    asked[0] = '\0';
    live_begin(&live, &(weft_channels_config){.on_ask = on_ask});
}

static void test_the_right(void **state)
{
    (void)state;
    live_begin(&live, NULL); /* by default nobody has it */
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(
        r,
        "{\"id\":1,\"error\":{\"code\":403,\"message\":\"you may not subscribe to all of /q/*\"}}\n");
    live_publish(&live, "/q/a", "1");
    assert_heard(r, "");
    raw_free(r);
    live_end(&live);
}

static void test_each_channel_is_asked_about(void **state)
{
    (void)state;
    begin_asking();
    live_publish(&live, "/q/no", "1");
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, OK_PATTERN);
    live_publish(&live, "/q/a", "1");
    live_publish(&live, "/q/no", "2");
    assert_non_null(strstr(heard(r), SAYS("/q/a", "1", "1")));
    assert_string_equal(asked, "/q/* 16,/q/no 1,/q/a 1,");
    raw_text(r, "{\"id\":2,\"subscribe\":\"/q/a\"}"); /* that is known */
    assert_non_null(strstr(heard(r), "\"ok\""));
    assert_int_equal(n_asked, 3);
    raw_free(r);
    live_end(&live);
}

/* What is published while the program decides is his. */
static void test_decided_later(void **state)
{
    (void)state;
    begin_asking();
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, OK_PATTERN);
    live_publish(&live, "/q/held", "1");
    live_publish(&live, "/q/a", "1");
    assert_non_null(strstr(heard(r), SAYS("/q/a", "1", "1"))); /* others do not wait */
    live_publish(&live, "/q/held", "2");
    assert_heard(r, "");
    weft_channel_ask_grant(held[0], WEFT_RIGHT_READ);
    assert_heard(
        r,
        "{\"channel\":\"/q/held\",\"position\":\"E.0\",\"head\":\"E.2\",\"policy\":\"queue\"}\n" SAYS(
            "/q/held", "1", "1") SAYS("/q/held", "2", "2"));
    raw_free(r);
    live_end(&live);
}

static void test_decided_too_late(void **state)
{
    (void)state;
    begin_asking();
    struct raw *r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, OK_PATTERN);
    live_publish(&live, "/q/held", "1");
    settle(&live.w);
    raw_text(r, "{\"id\":2,\"unsubscribe\":\"/q/*\"}");
    assert_heard(r, "{\"id\":2,\"ok\":{}}\n");
    raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}"); /* another order: it is asked again */
    assert_heard(r, OK_PATTERN);
    assert_int_equal(n_held, 2);
    weft_channel_ask_grant(held[0], WEFT_RIGHT_READ);
    assert_heard(r, "");
    weft_channel_ask_refuse(held[1], 403, "no");
    assert_heard(r, "");
    live_publish(&live, "/q/held", "2");
    assert_heard(r, "");
    raw_text(r, "{\"id\":3,\"unsubscribe\":\"/q/*\"}");
    raw_text(
        r,
        "{\"id\":1,\"subscribe\":\"/q/*\",\"last\":\"all\"}"); /* by now it is known that he may */
    assert_non_null(strstr(heard(r), SAYS("/q/held", "2", "2")));
    raw_free(r);
    r = dial_and_say("{\"id\":1,\"subscribe\":\"/q/*\"}");
    assert_heard(r, OK_PATTERN);
    raw_free(r);
    settle(&live.w);
    weft_channel_ask_grant(held[2], WEFT_RIGHT_READ); /* he has left */
    live_end(&live);
}

/* ---- no memory ------------------------------------------------------------------------------- */

/* Of what a pattern takes the nth allocation fails: what is said says so, or the connection ends. */
static void test_no_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        live_begin(&live, &open_to_all);
        live_publish(&live, "/q/a", "1");
        struct raw *r = dial();
        world_fail_at(&live.w, n);
        raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}");
        settle(&live.w);
        bool made = weft_publish(live.hub, "/q/b", WEFT_TEXT, "1", 1) == 0;
        settle(&live.w);
        raw_read(r);
        bool stays = !r->eof && !r->error;
        if (stays) raw_text(r, "{\"id\":2,\"unsubscribe\":\"/q/*\"}");
        settle(&live.w);
        failed = live.w.asked > n;
        world_fail_at(&live.w, -1);
        const char *text = heard(r);
        if (made && stays && !strstr(text, "error"))
            assert_non_null(strstr(text, SAYS("/q/b", "1", "1")));
        raw_free(r);
        live_end(&live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_those_that_are_there_and_those_that_come),
        cmocka_unit_test(test_the_first_message_without_history),
        cmocka_unit_test(test_last_is_for_each),
        cmocka_unit_test(test_once_for_both),
        cmocka_unit_test(test_many_sessions_and_levels),
        cmocka_unit_test(test_as_many_as_fit),
        cmocka_unit_test(test_the_right),
        cmocka_unit_test(test_each_channel_is_asked_about),
        cmocka_unit_test(test_decided_later),
        cmocka_unit_test(test_decided_too_late),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
