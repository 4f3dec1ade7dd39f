/* SPDX-License-Identifier: MIT
 *
 * What a server says of itself.
 */
#include "channel/answer.h"

#include "channel/entries.h"

static struct text t;

static int set_up(void **state)
{
    (void)state;
    text_init(&t, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    text_deinit(&t);
    return 0;
}

static void assert_said(const char *json)
{
    assert_bytes(text_bytes(&t), json);
    text_deinit(&t);
}

static struct subscribed subscribed_to(const char *channel)
{
    return (struct subscribed){
        .channel = bytes_of_text(channel),
        .seek = {.at = position_at(42), .head = position_at(50)},
    };
}

static void hello_says_what_the_url_has_subscribed(void **state)
{
    (void)state;
    struct subscribed s = subscribed_to("/chat");
    answer_hello(&t, "c81", bytes_of_text("/chat"), 65536, 25000, WEFT_NEVER, &s);
    assert_said(
        "{\"hello\":{\"client\":\"c81\",\"max_message\":65536,\"ping\":25000},\"channel\":\"/chat\","
        "\"position\":\"k3f9a2c1.42\",\"policy\":\"queue\"}");
    s.seek.lost = 7;
    answer_hello(&t, "c81", bytes_of_text("/chat"), 65536, 25000, WEFT_NEVER, &s);
    assert_said(
        "{\"hello\":{\"client\":\"c81\",\"max_message\":65536,\"ping\":25000},\"channel\":\"/chat\","
        "\"position\":\"k3f9a2c1.42\",\"policy\":\"queue\",\"lost\":7}");
}

static void who_only_publishes_hears_what_it_is_called(void **state)
{
    (void)state;
    answer_hello(&t, "c81", bytes_of_text("/chat"), 65536, 25000, WEFT_NEVER, NULL);
    assert_said(
        "{\"hello\":{\"client\":\"c81\",\"max_message\":65536,\"ping\":25000},\"channel\":\"/chat\"}");
}

static void who_subscribes_hears_where_he_is_and_where_he_has_caught_up(void **state)
{
    (void)state;
    struct subscribed s = subscribed_to("/chat");
    answer_subscribed(&t, LITERAL("1"), &s);
    assert_said(
        "{\"id\":1,\"ok\":{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"head\":\"k3f9a2c1.50\","
        "\"policy\":\"queue\"}}");
    s.seek.lost = WEFT_LOST_UNKNOWN;
    s.policy = WEFT_POLICY_LATEST_KEY;
    answer_subscribed(&t, LITERAL("\"one\""), &s);
    assert_said("{\"id\":\"one\",\"ok\":{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\","
                "\"head\":\"k3f9a2c1.50\",\"policy\":\"latest=key\",\"lost\":null}}");
}

static void a_pattern_has_no_position(void **state)
{
    (void)state;
    struct refusal why;
    const struct subscribed s = {.channel = LITERAL("/quotes/*")};
    answer_subscribed(&t, LITERAL("1"), &s);
    assert_said("{\"id\":1,\"ok\":{\"channel\":\"/quotes/*\"}}");
    refusal_write(&why, 429, "too many");
    answer_not_joined(&t, LITERAL("/quotes/*"), &why);
    assert_said("{\"channel\":\"/quotes/*\",\"error\":{\"code\":429,\"message\":\"too many\"}}");
}

static void policies_have_the_names_of_the_flag(void **state)
{
    (void)state;
    assert_string_equal(answer_policy_name(WEFT_POLICY_QUEUE), "queue");
    assert_string_equal(answer_policy_name(WEFT_POLICY_LATEST), "latest");
    assert_string_equal(answer_policy_name(WEFT_POLICY_LATEST_KEY), "latest=key");
    assert_string_equal(answer_policy_name(WEFT_POLICY_DROP_OLDEST), "drop-oldest");
    assert_string_equal(answer_policy_name(WEFT_POLICY_DISCONNECT), "disconnect");
}

static void what_is_done_is_said(void **state)
{
    (void)state;
    const weft_position at = position_at(42);
    answer_done(&t, LITERAL("2"));
    assert_said("{\"id\":2,\"ok\":{}}");
    answer_published(&t, LITERAL("3"), &at);
    assert_said("{\"id\":3,\"ok\":{\"position\":\"k3f9a2c1.42\"}}");
    answer_position(&t, &at);
    assert_said("{\"position\":\"k3f9a2c1.42\"}");
}

static void errors_say_when_to_try_again_if_that_helps(void **state)
{
    (void)state;
    struct refusal why;
    refusal_write(&why, 403, "say \"please\"");
    answer_error(&t, LITERAL("3"), &why);
    assert_said("{\"id\":3,\"error\":{\"code\":403,\"message\":\"say \\\"please\\\"\"}}");
    answer_error(&t, (weft_bytes){0}, &why);
    assert_said("{\"error\":{\"code\":403,\"message\":\"say \\\"please\\\"\"}}");
    why.retry_ms = 1500;
    answer_error_body(&t, &why);
    assert_said("{\"error\":{\"code\":403,\"message\":\"say \\\"please\\\"\",\"retry\":1500}}");
}

static void it_says_goodbye(void **state)
{
    (void)state;
    answer_close(&t, 4000);
    assert_said("{\"close\":{\"retry\":4000}}");
}

static void a_pong_is_an_echo(void **state)
{
    (void)state;
    answer_pong(&t, LITERAL("1"));
    assert_said("{\"pong\":1}");
    answer_pong(&t, LITERAL("\"\\u0041\""));
    assert_said("{\"pong\":\"\\u0041\"}");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_says_what_the_url_has_subscribed),
        TEST(who_only_publishes_hears_what_it_is_called),
        TEST(who_subscribes_hears_where_he_is_and_where_he_has_caught_up),
        TEST(a_pattern_has_no_position),
        TEST(policies_have_the_names_of_the_flag),
        TEST(what_is_done_is_said),
        TEST(errors_say_when_to_try_again_if_that_helps),
        TEST(it_says_goodbye),
        TEST(a_pong_is_an_echo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
