/* SPDX-License-Identifier: MIT
 *
 * What peers send is harmless where it is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/escape.h"

static weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static void assert_terminal(const char *text, const char *expected)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    escape_terminal(to, bytes(text), "  ");
    fclose(to);
    assert_string_equal(out, expected);
    free(out);
}

static void assert_json(const char *text, const char *expected)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    escape_json(to, bytes(text));
    fclose(to);
    assert_string_equal(out, expected);
    free(out);
}

static void text_stays_text(void **state)
{
    (void)state;
    assert_terminal("", "");
    assert_terminal("plain, with\ttab", "plain, with\ttab");
    assert_terminal("gr\xc3\xbc\xc3\x9f \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80",
                    "gr\xc3\xbc\xc3\x9f \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80");
}

static void escape_sequences_do_not_reach_the_terminal(void **state)
{
    (void)state;
    assert_terminal("\033[2Jgone", "\\x1b[2Jgone");
    assert_terminal("\033]0;title\007", "\\x1b]0;title\\x07");
    assert_terminal("over\rwritten\x7f", "over\\x0dwritten\\x7f");
    assert_terminal("\xc2\x9b"
                    "2J",
                    "\\x9b2J"); /* CSI as one C1 character */
}

static void a_newline_cannot_fake_a_prompt(void **state)
{
    (void)state;
    assert_terminal("a\n> b", "a\n  > b");
    assert_terminal("a\r\n> b\r", "a\n  > b\\x0d");
}

static void writing_is_not_turned_around(void **state)
{
    (void)state;
    assert_terminal("\xe2\x80\xae"
                    "abc",
                    "\\u202e"
                    "abc");
    assert_terminal("\xe2\x81\xa6"
                    "abc",
                    "\\u2066"
                    "abc");
}

static void nothing_is_there_unseen(void **state)
{
    (void)state;
    assert_terminal("a\xe2\x80\x8b"
                    "b\xe2\x81\xa0\xef\xbb\xbf\xc2\xad.",
                    "a\\u200bb\\u2060\\ufeff\\xad.");
    assert_terminal("\xf3\xa0\x81\x81.\xf3\xa0\x84\x80",
                    "\\U000e0041.\\U000e0100"); /* a tag, a selector */
    assert_terminal("\xe3\x85\xa4\xe1\x85\x9f\xef\xbe\xa0\xe1\xa0\x8e\xcd\x8f",
                    "\\u3164\\u115f\\uffa0\\u180e\\u034f");
    assert_terminal("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xaf",
                    "\xe2\x80\xa7\\u2028\xe2\x80\xaf"); /* the edges */
}

static void joiners_stay_where_they_are_seen(void **state)
{
    (void)state;
    const char *family = "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9"; /* man, ZWJ, woman */
    const char *heart =
        "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5"; /* heart, VS16, ZWJ, fire */
    const char *persian = "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae";
    assert_terminal(family, family);
    assert_terminal(heart, heart);
    assert_terminal(persian, persian);
    assert_terminal("a\xe2\x80\x8d"
                    "b",
                    "a\\u200db");
    assert_terminal("\xe2\x9d\xa4\xef\xb8\x8f\xef\xb8\x8e",
                    "\xe2\x9d\xa4\xef\xb8\x8f\\ufe0e"); /* but one */
    assert_terminal("\xff\xe2\x80\x8d", "\\xff\\u200d");
}

static void bytes_that_are_no_text_are_shown_as_bytes(void **state)
{
    (void)state;
    assert_terminal("a\xff\xc3", "a\\xff\\xc3");
    assert_terminal("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
}

static void json_is_one_line_of_printable_characters(void **state)
{
    (void)state;
    assert_json("", "\"\"");
    assert_json("too slow", "\"too slow\"");
    assert_json("a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\"");
    assert_json("a\nb\033", "\"a\\u000ab\\u001b\"");
    assert_json("gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"");
    assert_json("\xff", "\"\\ufffd\"");
    assert_json("\xe2\x80\x8b\xf0\x9f\x91\xa8\xe2\x80\x8d", "\"\\u200b\xf0\x9f\x91\xa8\\u200d\"");
    assert_json("\xf3\xa0\x81\x81", "\"\\udb40\\udc41\""); /* a tag, as JSON says it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_text),
        cmocka_unit_test(escape_sequences_do_not_reach_the_terminal),
        cmocka_unit_test(a_newline_cannot_fake_a_prompt),
        cmocka_unit_test(writing_is_not_turned_around),
        cmocka_unit_test(nothing_is_there_unseen),
        cmocka_unit_test(joiners_stay_where_they_are_seen),
        cmocka_unit_test(bytes_that_are_no_text_are_shown_as_bytes),
        cmocka_unit_test(json_is_one_line_of_printable_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
