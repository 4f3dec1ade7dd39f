/* SPDX-License-Identifier: MIT
 *
 * A command line against a table of flags. What is complained about goes to stderr; here it is read
 * back from there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/flags.h"

static struct values {
    uint64_t port, size, time;
    bool binary;
    unsigned verbose;
    const char *user;
    struct flag_list headers;
} got;

static const struct flag flags[] = {
    {'p', "port", .kind = FLAG_NUMBER, .into = &got.port, .max = 65535, .value = "PORT",
     .noun = "a port number", .help = "the port", .usual = "8080"},
    {'b', "binary", .kind = FLAG_BOOL, .into = &got.binary, .help = "binary"},
    {'v', "verbose", .kind = FLAG_COUNT, .into = &got.verbose, .help = "talk"},
    {'u', "user", .kind = FLAG_TEXT, .into = &got.user, .value = "USER", .help = "who"},
    {'H', NULL, .kind = FLAG_LIST, .into = &got.headers, .value = "FIELD", .help = "a field"},
    {0},
};

static const struct flag more[] = {
    {0, "max-message", .kind = FLAG_SIZE, .into = &got.size, .min = 1, .max = 1 << 30,
     .value = "SIZE", .help = "longest\nmessage"},
    {0, "ping", .kind = FLAG_TIME, .into = &got.time, .max = 3600000, .value = "TIME",
     .help = "how often"},
    {0},
};

static const struct flag *const tables[] = {flags, more, NULL};

static char *argv[80];

/* Parse words up to NULL. */
static int parse(const char *first, ...)
{
    memset(&got, 0, sizeof got);
    argv[0] = "test";
    int argc = 1;
    va_list words;
    va_start(words, first);
    for (const char *w = first; w; w = va_arg(words, const char *)) argv[argc++] = (char *)w;
    va_end(words);
    return flags_parse(tables, argc, argv);
}

static void a_value_comes_behind_a_space_an_equals_sign_or_nothing(void **state)
{
    (void)state;
    assert_int_equal(parse("--port", "80", NULL), 0);
    assert_int_equal(got.port, 80);
    assert_int_equal(parse("--port=81", NULL), 0);
    assert_int_equal(got.port, 81);
    assert_int_equal(parse("-p", "82", NULL), 0);
    assert_int_equal(got.port, 82);
    assert_int_equal(parse("-p83", NULL), 0);
    assert_int_equal(got.port, 83);
    assert_int_equal(parse("--user=", NULL), 0);
    assert_string_equal(got.user, "");
}

static void short_flags_cluster(void **state)
{
    (void)state;
    assert_int_equal(parse("-vbvp80", "dir", NULL), 1);
    assert_int_equal(got.verbose, 2);
    assert_true(got.binary);
    assert_int_equal(got.port, 80);
    assert_string_equal(argv[1], "dir");
}

static void a_boolean_can_be_switched_off_again(void **state)
{
    (void)state;
    assert_int_equal(parse("--binary", "--binary=no", NULL), 0);
    assert_false(got.binary);
    assert_int_equal(parse("--binary=TRUE", "-vv", "--verbose=1", NULL), 0);
    assert_true(got.binary);
    assert_int_equal(got.verbose, 1);
}

static void arguments_may_stand_anywhere(void **state)
{
    (void)state;
    assert_int_equal(parse("a", "-v", "b", "-", "--", "-v", "--port", NULL), 5);
    assert_int_equal(got.verbose, 1);
    assert_string_equal(argv[1], "a");
    assert_string_equal(argv[2], "b");
    assert_string_equal(argv[3], "-");
    assert_string_equal(argv[4], "-v");
    assert_string_equal(argv[5], "--port");
}

static void a_list_keeps_the_order_and_ends_with_null(void **state)
{
    (void)state;
    assert_int_equal(parse("-H", "A: 1", "-HB: 2", NULL), 0);
    assert_int_equal(got.headers.n, 2);
    assert_string_equal(got.headers.items[0], "A: 1");
    assert_string_equal(got.headers.items[1], "B: 2");
    assert_null(got.headers.items[2]);
}

static void sizes_and_times_have_units(void **state)
{
    (void)state;
    assert_int_equal(parse("--max-message", "64K", "--ping=2m", NULL), 0);
    assert_int_equal(got.size, 65536);
    assert_int_equal(got.time, 120000);
}

static void help_is_always_there(void **state)
{
    (void)state;
    assert_int_equal(parse("--help", NULL), FLAGS_HELP);
    assert_int_equal(parse("-vh", NULL), FLAGS_HELP);
    assert_int_equal(parse("--", "--help", NULL), 1);
}

/* ---- complaints ------------------------------------------------------------------------------ */

static void assert_complaint(const char *expected, const char *word, const char *next)
{
    char *text = NULL;
    size_t len = 0;
    FILE *old = stderr;
    stderr = open_memstream(&text, &len);
    int r = parse(word, next, NULL);
    fclose(stderr);
    stderr = old;
    assert_int_equal(r, FLAGS_BAD);
    assert_string_equal(text, expected);
    free(text);
}

static void a_wrong_value_says_what_would_be_right(void **state)
{
    (void)state;
    assert_complaint("weft: --port: \"http\" is not a port number (0 to 65535)\n", "--port",
                     "http");
    assert_complaint("weft: --port: \"65536\" is not a port number (0 to 65535)\n", "-p", "65536");
    assert_complaint("weft: --port: \"\" is not a port number (0 to 65535)\n", "--port=", NULL);
    assert_complaint("weft: --max-message: \"0\" is not a size (1B to 1G)\n", "--max-message", "0");
    assert_complaint("weft: --ping: \"soon\" is not a time (0ms to 1h)\n", "--ping", "soon");
}

static void a_missing_value_is_asked_for(void **state)
{
    (void)state;
    assert_complaint("weft: --port needs a value: --port PORT\n", "--port", NULL);
    assert_complaint("weft: -H needs a value: -H FIELD\n", "-H", NULL);
    assert_complaint("weft: --binary: \"so\" is neither on nor off\n", "--binary=so", NULL);
    assert_complaint("weft: --verbose: \"-1\" is not a number (0 to 9)\n", "--verbose=-1", NULL);
}

static void an_unknown_flag_gets_a_suggestion(void **state)
{
    (void)state;
    assert_complaint("weft: there is no flag --prot; did you mean --port?\n", "--prot", "80");
    assert_complaint("weft: there is no flag --pign; did you mean --ping?\n", "--pign=3", NULL);
    assert_complaint("weft: there is no flag --xyzzy; --help lists those there are\n", "--xyzzy",
                     NULL);
    assert_complaint("weft: there is no flag -q; --help lists those there are\n", "-vq", NULL);
}

static void a_list_has_a_maximum(void **state)
{
    (void)state;
    memset(&got, 0, sizeof got);
    int argc = 1;
    while (argc <= FLAG_LIST_MAX + 1) argv[argc++] = "-HA: 1";
    FILE *old = stderr;
    stderr = fopen("/dev/null", "w");
    int r = flags_parse(tables, argc, argv);
    fclose(stderr);
    stderr = old;
    assert_int_equal(r, FLAGS_BAD);
    assert_int_equal(got.headers.n, FLAG_LIST_MAX);
}

static void help_is_made_from_the_same_rows(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    flags_print(tables, to);
    fclose(to);
    assert_non_null(strstr(text, "  -p, --port PORT             the port (default 8080)\n"));
    assert_non_null(strstr(text, "  -H FIELD                    a field\n"));
    assert_non_null(strstr(text, "      --max-message SIZE      longest\n"
                                 "                              message\n"));
    assert_non_null(strstr(text, "  -h, --help                  print this\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_comes_behind_a_space_an_equals_sign_or_nothing),
        cmocka_unit_test(short_flags_cluster),
        cmocka_unit_test(a_boolean_can_be_switched_off_again),
        cmocka_unit_test(arguments_may_stand_anywhere),
        cmocka_unit_test(a_list_keeps_the_order_and_ends_with_null),
        cmocka_unit_test(sizes_and_times_have_units),
        cmocka_unit_test(help_is_always_there),
        cmocka_unit_test(a_wrong_value_says_what_would_be_right),
        cmocka_unit_test(a_missing_value_is_asked_for),
        cmocka_unit_test(an_unknown_flag_gets_a_suggestion),
        cmocka_unit_test(a_list_has_a_maximum),
        cmocka_unit_test(help_is_made_from_the_same_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
