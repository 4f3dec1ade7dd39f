/* SPDX-License-Identifier: MIT
 *
 * How channels are called, and everything that is no name.
 */
#include "channel/name.h"

#include "channel/unit.h"

static void assert_named(const char *path, const char *name)
{
    struct refusal why;
    struct name n;
    if (name_of_path(&n, bytes_of_text(path), &why) < 0) fail_msg("%s: %s", path, why.words);
    assert_string_equal(n.text, name);
    assert_int_equal(n.len, strlen(name));
}

static void assert_no_name(const char *path, int code, const char *words)
{
    struct refusal why;
    struct name n;
    if (name_of_path(&n, bytes_of_text(path), &why) == 0) fail_msg("%s is taken for a name", path);
    assert_refused(why, code, words);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void a_path_is_a_name(void **state)
{
    (void)state;
    assert_named("/", "/");
    assert_named("/chat", "/chat");
    assert_named("/quotes/ACME", "/quotes/ACME");
    assert_named("/a:b;c,d@e!f$g&h'(i)+j=k~l", "/a:b;c,d@e!f$g&h'(i)+j=k~l");
    assert_named("/a.b/c..", "/a.b/c..");
    assert_named("/a*/*b/c**", "/a*/*b/c**");
}

static void escapes_are_another_spelling(void **state)
{
    (void)state;
    assert_named("/a%62", "/ab");
    assert_named("/ab", "/ab");
    assert_named("/caf%C3%A9", "/caf\xc3\xa9");
    assert_named("/caf%c3%a9", "/caf\xc3\xa9");
    assert_named("/100%25", "/100%");
    assert_named("/what%3F%23", "/what?#");
    assert_named("/a+b%20c", "/a+b c"); /* a plus is a plus in a path */
    assert_named("/%2525", "/%25");     /* decoded once */
}

static void case_matters_and_nothing_is_normalised(void **state)
{
    (void)state;
    assert_named("/Chat", "/Chat");
    assert_named("/cafe%CC%81", "/cafe\xcc\x81"); /* not the same as U+00E9 */
}

static void an_escape_has_two_digits(void **state)
{
    (void)state;
    assert_no_name("/%", 400, "%25");
    assert_no_name("/a%4", 400, "two hexadecimal digits");
    assert_no_name("/a%zz", 400, "two hexadecimal digits");
}

/* A slash that is hidden would be a level for some and none for others. */
static void some_escapes_hide_what_matters(void **state)
{
    (void)state;
    assert_no_name("/a%2Fb", 400, "%2F has no place");
    assert_no_name("/a%2fb", 400, "%2F has no place");
    assert_no_name("/a%5Cb", 400, "%5C has no place");
    assert_no_name("/a%5cb", 400, "%5C has no place");
    assert_no_name("/a%00", 400, "%00 has no place");
    assert_no_name("/a\\b", 400, "backslash");
}

static void a_name_is_utf8(void **state)
{
    (void)state;
    assert_no_name("/%ff", 400, "UTF-8");
    assert_no_name("/%C3", 400, "UTF-8");
    assert_no_name("/%C0%AF", 400, "UTF-8");    /* a slash, overlong */
    assert_no_name("/%ED%A0%80", 400, "UTF-8"); /* a surrogate */
}

static void a_name_has_no_control_characters(void **state)
{
    (void)state;
    assert_no_name("/a%0Ab", 400, "control character");
    assert_no_name("/a%1b", 400, "control character");
    assert_no_name("/a%7F", 400, "control character");
    assert_no_name("/a%C2%80", 400, "control character");
    assert_no_name("/a%C2%9F", 400, "control character");
    assert_named("/a%C2%A0", "/a\xc2\xa0");
}

static void a_name_has_at_most_255_bytes(void **state)
{
    (void)state;
    char path[800] = "/";
    memset(path + 1, 'x', 254);
    assert_named(path, path);
    path[255] = 'x';
    assert_no_name(path, 400, "at most 255 bytes");

    char *end = path + 1; /* as it is decoded, however it was sent */
    for (int i = 0; i < 254; i++) end += sprintf(end, "%%61");
    char name[256] = "/";
    memset(name + 1, 'a', 254);
    assert_named(path, name);
    sprintf(end, "%%61");
    assert_no_name(path, 400, "at most 255 bytes");
}

static void a_trailing_slash_is_told_the_right_name(void **state)
{
    (void)state;
    assert_no_name("/chat/", 400, "this one is \"/chat\"");
    assert_no_name("/quotes/ACME/", 400, "this one is \"/quotes/ACME\"");
    assert_no_name("/caf%C3%A9/", 400, "this one is \"/caf\xc3\xa9\"");
}

static void segments_are_not_empty(void **state)
{
    (void)state;
    assert_no_name("//", 400, "empty segment");
    assert_no_name("//chat", 400, "empty segment");
    assert_no_name("/a//b", 400, "empty segment");
    assert_no_name("/chat//", 400, "empty segment");
}

static void segments_do_not_begin_with_a_dot(void **state)
{
    (void)state;
    assert_no_name("/.", 400, "no segments");
    assert_no_name("/..", 400, "no segments");
    assert_no_name("/a/./b", 400, "no segments");
    assert_no_name("/a/../b", 400, "no segments");
    assert_no_name("/a/%2e%2e/b", 400, "no segments");
    assert_no_name("/a/.b", 400, "begins with a dot");
    assert_no_name("/a/...", 400, "begins with a dot");
}

static void stars_are_for_patterns(void **state)
{
    (void)state;
    assert_no_name("/*", 400, "pattern");
    assert_no_name("/quotes/*", 400, "pattern");
    assert_no_name("/quotes/%2A", 400, "pattern");
    assert_no_name("/*/a", 400, "only at the end");
    assert_no_name("/quotes/**", 400, "\"**\"");
    assert_no_name("/**/a", 400, "\"**\"");
}

static void some_names_are_reserved(void **state)
{
    (void)state;
    static const char *const reserved[] = {
        "/weft.js", "/metrics", "/healthz", "/readyz", "/.well-known", "/.well-known/acme", "/..."};
    for (size_t i = 0; i < countof(reserved); i++) assert_no_name(reserved[i], 404, "reserved");
    assert_no_name("/%2Ewell-known", 404, "\"/.well-known\" is reserved");
    assert_named("/metrics/a", "/metrics/a");
    assert_named("/Metrics", "/Metrics");
    assert_named("/weft.js.map", "/weft.js.map");
}

/* ---- names in JSON --------------------------------------------------------------------------- */

static void a_name_in_json_is_not_decoded(void **state)
{
    (void)state;
    struct refusal why;
    assert_int_equal(name_check(LITERAL("/a%2Fb"), NULL, &why), 0); /* a percent sign is one */
    assert_int_equal(name_check(LITERAL("/caf\xc3\xa9"), NULL, &why), 0);
    assert_int_equal(name_check(LITERAL("/a b?#"), NULL, &why), 0);

    assert_int_equal(name_check(LITERAL("chat"), NULL, &why), -1);
    assert_refused(why, 400, "begins with a slash");
    assert_int_equal(name_check(LITERAL(""), NULL, &why), -1);
    assert_refused(why, 400, "begins with a slash");
    assert_int_equal(name_check(LITERAL("/a\\b"), NULL, &why), -1);
    assert_refused(why, 400, "backslash");
    assert_int_equal(name_check(LITERAL("/a\0b"), NULL, &why), -1);
    assert_refused(why, 400, "control character");
    assert_int_equal(name_check(LITERAL("/readyz"), NULL, &why), -1);
    assert_refused(why, 404, "reserved");

    char name[257] = "/";
    memset(name + 1, 'x', 255);
    assert_int_equal(name_check(bytes_of_text(name), NULL, &why), -1);
    assert_refused(why, 400, "this one has 256");
}

static void who_may_say_patterns_is_told_of_one(void **state)
{
    (void)state;
    struct refusal why;
    bool is_pattern = false;
    assert_int_equal(name_check(LITERAL("/quotes/*"), &is_pattern, &why), 0);
    assert_true(is_pattern);
    assert_int_equal(name_check(LITERAL("/*"), &is_pattern, &why), 0);
    assert_true(is_pattern);
    assert_int_equal(name_check(LITERAL("/quotes"), &is_pattern, &why), 0);
    assert_false(is_pattern);
    assert_int_equal(name_check(LITERAL("/*/ACME"), &is_pattern, &why), -1);
    assert_int_equal(name_check(LITERAL("/quotes/**"), &is_pattern, &why), -1);
    assert_int_equal(name_check(LITERAL("/quotes/*/"), &is_pattern, &why), -1);
}

static void a_pattern_means_what_is_one_level_below(void **state)
{
    (void)state;
    assert_true(name_matches(LITERAL("/quotes/*"), LITERAL("/quotes/ACME")));
    assert_true(name_matches(LITERAL("/*"), LITERAL("/chat")));
    assert_false(name_matches(LITERAL("/quotes/*"), LITERAL("/quotes")));
    assert_false(name_matches(LITERAL("/quotes/*"), LITERAL("/quotes/ACME/asks")));
    assert_false(name_matches(LITERAL("/quotes/*"), LITERAL("/quotesX/ACME")));
    assert_false(name_matches(LITERAL("/*"), LITERAL("/")));
    assert_bytes(name_level(LITERAL("/quotes/*")), "/quotes/");
    assert_bytes(name_level(LITERAL("/quotes/ACME")), "/quotes/");
    assert_bytes(name_level(LITERAL("/chat")), "/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_a_name),
        cmocka_unit_test(escapes_are_another_spelling),
        cmocka_unit_test(case_matters_and_nothing_is_normalised),
        cmocka_unit_test(an_escape_has_two_digits),
        cmocka_unit_test(some_escapes_hide_what_matters),
        cmocka_unit_test(a_name_is_utf8),
        cmocka_unit_test(a_name_has_no_control_characters),
        cmocka_unit_test(a_name_has_at_most_255_bytes),
        cmocka_unit_test(a_trailing_slash_is_told_the_right_name),
        cmocka_unit_test(segments_are_not_empty),
        cmocka_unit_test(segments_do_not_begin_with_a_dot),
        cmocka_unit_test(stars_are_for_patterns),
        cmocka_unit_test(some_names_are_reserved),
        cmocka_unit_test(a_name_in_json_is_not_decoded),
        cmocka_unit_test(who_may_say_patterns_is_told_of_one),
        cmocka_unit_test(a_pattern_means_what_is_one_level_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
