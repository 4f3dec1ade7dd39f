/* SPDX-License-Identifier: MIT
 *
 * How channels behave, as --channel says it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/channel_flag.h"

static const struct channel_flag usual = {
    .settings = {.history_items = 100, .history_ms = 300000, .history_bytes = 1 << 20},
    .presence = true,
};

static struct channel_flag parsed(const char *text)
{
    struct channel_flag f;
    char why[CHANNEL_FLAG_WHY];
    if (!channel_flag_parse(&f, text, &usual, why)) fail_msg("%s: %s", text, why);
    return f;
}

static void refuses(const char *text, const char *words)
{
    struct channel_flag f;
    char why[CHANNEL_FLAG_WHY];
    if (channel_flag_parse(&f, text, &usual, why)) fail_msg("%s is taken", text);
    if (!strstr(why, words)) fail_msg("%s: \"%s\" does not say \"%s\"", text, why, words);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void the_example_of_the_manual(void **state)
{
    (void)state;
    struct channel_flag f = parsed("/quotes/*: latest=key, history=100/1h, max-rate=10");
    assert_string_equal(f.prefix, "/quotes/");
    assert_int_equal(f.reach, CHANNEL_LEVEL);
    assert_int_equal(f.settings.policy, WEFT_POLICY_LATEST_KEY);
    assert_int_equal(f.settings.history_items, 100);
    assert_int_equal(f.settings.history_ms, 3600000);
    assert_int_equal(f.settings.history_bytes, 1 << 20);
    assert_int_equal(f.settings.max_rate, 10);
    assert_true(f.presence);
}

static void what_is_not_said_is_as_usual(void **state)
{
    (void)state;
    const char *const texts[] = {"/chat", "/chat:", " /chat : "};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct channel_flag f = parsed(texts[i]);
        assert_string_equal(f.prefix, "/chat");
        assert_memory_equal(&f.settings, &usual.settings, sizeof f.settings);
    }
}

static void each_policy_has_a_word(void **state)
{
    (void)state;
    assert_int_equal(parsed("/a: queue").settings.policy, WEFT_POLICY_QUEUE);
    assert_int_equal(parsed("/a: latest").settings.policy, WEFT_POLICY_LATEST);
    assert_int_equal(parsed("/a: latest=key").settings.policy, WEFT_POLICY_LATEST_KEY);
    assert_int_equal(parsed("/a: drop-oldest").settings.policy, WEFT_POLICY_DROP_OLDEST);
    assert_int_equal(parsed("/a: disconnect").settings.policy, WEFT_POLICY_DISCONNECT);
    refuses("/a: latest=kye", "latest, or latest=key");
    refuses("/a: latest=", "latest, or latest=key");
    refuses("/a: queue=1", "without a value");
    refuses("/a: latest, queue", "queue is one policy too many");
    refuses("/a: queue, queue", "queue is one policy too many");
}

static void history_is_messages_time_and_bytes(void **state)
{
    (void)state;
    struct channel_flag f = parsed("/a: history=1000");
    assert_int_equal(f.settings.history_items, 1000);
    assert_int_equal(f.settings.history_ms, 300000);
    f = parsed("/a: history=50/30s/64K");
    assert_int_equal(f.settings.history_items, 50);
    assert_int_equal(f.settings.history_ms, 30000);
    assert_int_equal(f.settings.history_bytes, 64 << 10);
    assert_int_equal(parsed("/a: history=none").settings.history_items, 0);
    assert_int_equal(parsed("/a: history=0").settings.history_items, 0);
    const char *const wrong[] = {"/a: history",        "/a: history=",          "/a: history=1h",
                                 "/a: history=1/",     "/a: history=1/0",       "/a: history=1/1h/",
                                 "/a: history=1/1h/0", "/a: history=1/1h/1M/1", "/a: history=-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i], "history=MESSAGES[/TIME[/BYTES]]");
}

static void the_window_is_bytes_and_perhaps_messages(void **state)
{
    (void)state;
    struct channel_flag f = parsed("/a: window=16M");
    assert_int_equal(f.settings.window_bytes, 16 << 20);
    assert_int_equal(f.settings.window_items, 0);
    f = parsed("/a: window=1000/16M");
    assert_int_equal(f.settings.window_items, 1000);
    assert_int_equal(f.settings.window_bytes, 16 << 20);
    refuses("/a: window=0", "window=[MESSAGES/]BYTES");
    refuses("/a: window", "window=[MESSAGES/]BYTES");
    refuses("/a: window=1000/", "window=[MESSAGES/]BYTES");
    refuses("/a: window=1K/1M", "window=[MESSAGES/]BYTES");
}

static void pace_is_bytes_a_second_or_none(void **state)
{
    (void)state;
    assert_int_equal(parsed("/a: pace=2M").settings.pace, 2 << 20);
    assert_int_equal(parsed("/a: pace=none").settings.pace, WEFT_NEVER);
    refuses("/a: pace=0", "pace=BYTES a second");
    refuses("/a: pace", "pace=BYTES a second");
    refuses("/a: pace=fast", "or pace=none");
}

static void max_rate_goes_with_latest(void **state)
{
    (void)state;
    assert_int_equal(parsed("/a: latest, max-rate=1").settings.max_rate, 1);
    assert_int_equal(parsed("/a: max-rate=1000000, latest=key").settings.max_rate, 1000000);
    refuses("/a: max-rate=10", "goes with latest");
    refuses("/a: drop-oldest, max-rate=10", "goes with latest");
    refuses("/a: latest, max-rate=0", "1 to 1000000");
    refuses("/a: latest, max-rate=1000001", "1 to 1000000");
}

static void presence_is_on_or_off(void **state)
{
    (void)state;
    assert_false(parsed("/a: presence=off").presence);
    assert_true(parsed("/a: presence=on").presence);
    refuses("/a: presence", "presence=on, or presence=off");
    refuses("/a: presence=no", "presence=on, or presence=off");
}

static void slips_are_recognised(void **state)
{
    (void)state;
    refuses("/a: histroy=10", "did you mean history?");
    refuses("/a: lastest", "did you mean latest?");
    refuses("/a: max_rate=10", "did you mean max-rate?");
    refuses("/a: bananas", "there are queue, latest");
    refuses("/a: history=1, history=2", "history is said twice");
    refuses("/a: latest,,pace=1M", "a setting is missing");
    refuses("/a: latest,", "a setting is missing");
    refuses("/a: ,latest", "a setting is missing");
}

/* ---- patterns -------------------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *name)
{
    struct channel_flag f = parsed(pattern);
    return channel_flag_matches(&f, name);
}

static void a_name_is_one_channel(void **state)
{
    (void)state;
    assert_true(matches("/chat", "/chat"));
    assert_false(matches("/chat", "/chat/a"));
    assert_false(matches("/chat", "/chats"));
    assert_true(matches("/", "/"));
    assert_false(matches("/", "/chat"));
    assert_true(matches("/a:b:", "/a:b"));
    assert_true(matches("/caf\xc3\xa9: latest", "/caf\xc3\xa9"));
}

static void a_star_is_one_level_and_two_are_all(void **state)
{
    (void)state;
    assert_true(matches("/quotes/*", "/quotes/ACME"));
    assert_false(matches("/quotes/*", "/quotes"));
    assert_false(matches("/quotes/*", "/quotes/ACME/asks"));
    assert_true(matches("/quotes/**", "/quotes/ACME"));
    assert_true(matches("/quotes/**", "/quotes/ACME/asks"));
    assert_false(matches("/quotes/**", "/quotes"));
    assert_false(matches("/quotes/**", "/quotesX/ACME"));
    assert_true(matches("/*", "/chat"));
    assert_false(matches("/*", "/"));
    assert_true(matches("/**", "/a/b/c"));
}

static void what_is_no_pattern_is_told_why(void **state)
{
    (void)state;
    char longest[400] = "/";
    refuses("chat: latest", "begins with a slash");
    refuses("", "begins with a slash");
    refuses("/*/a", "stars stand only at the end");
    refuses("/a*", "stars stand only at the end");
    refuses("/***", "stars stand only at the end");
    refuses("/chat/", "does not end with a slash");
    refuses("//a", "empty or begins with a dot");
    refuses("/a/.b", "empty or begins with a dot");
    memset(longest + 1, 'x', 254);
    (void)parsed(longest);
    longest[255] = 'x';
    refuses(longest, "at most 255 bytes");
    refuses("/a: latest=key=x", "latest, or latest=key");
    refuses("latest=key", "begins with a slash");
}

static void the_first_that_matches_counts(void **state)
{
    (void)state;
    const struct channel_flag flags[] = {parsed("/quotes/ACME: queue"), parsed("/quotes/*: latest"),
                                         parsed("/**: drop-oldest")};
    assert_ptr_equal(channel_flag_find(flags, 3, "/quotes/ACME"), &flags[0]);
    assert_ptr_equal(channel_flag_find(flags, 3, "/quotes/INIT"), &flags[1]);
    assert_ptr_equal(channel_flag_find(flags, 3, "/chat"), &flags[2]);
    assert_null(channel_flag_find(flags, 3, "/"));
    assert_null(channel_flag_find(flags, 0, "/chat"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_manual),
        cmocka_unit_test(what_is_not_said_is_as_usual),
        cmocka_unit_test(each_policy_has_a_word),
        cmocka_unit_test(history_is_messages_time_and_bytes),
        cmocka_unit_test(the_window_is_bytes_and_perhaps_messages),
        cmocka_unit_test(pace_is_bytes_a_second_or_none),
        cmocka_unit_test(max_rate_goes_with_latest),
        cmocka_unit_test(presence_is_on_or_off),
        cmocka_unit_test(slips_are_recognised),
        cmocka_unit_test(a_name_is_one_channel),
        cmocka_unit_test(a_star_is_one_level_and_two_are_all),
        cmocka_unit_test(what_is_no_pattern_is_told_why),
        cmocka_unit_test(the_first_that_matches_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
