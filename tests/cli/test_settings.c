/* SPDX-License-Identifier: MIT
 *
 * Who has the last word: the command line, the environment, a file, systemd's credentials.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/config_file.h"

static struct {
    uint64_t size;
    bool only, check;
    unsigned verbose;
    const char *key;
    struct flag_list origins;
} got;

static const struct flag rows[] = {
    {0, "max-message", .kind = FLAG_SIZE, .into = &got.size, .min = 1, .max = 1 << 30,
     .value = "SIZE"},
    {0, "only-channels", .kind = FLAG_BOOL, .into = &got.only},
    {'v', "verbose", .kind = FLAG_COUNT, .into = &got.verbose},
    {0, "origin", .kind = FLAG_LIST, .into = &got.origins, .value = "ORIGIN"},
    {0, "tls-key", .kind = FLAG_TEXT, .into = &got.key, .value = "FILE", .credential = "tls-key"},
    {0, "check", .kind = FLAG_BOOL, .into = &got.check, .is = FLAG_TYPED},
    {0},
};

static const struct flag *const tables[] = {rows, NULL};

static char heard[4096];

static void hear(const char *line, void *user)
{
    (void)user;
    size_t len = strlen(heard);
    snprintf(heard + len, sizeof heard - len, "%s\n", line);
}

static struct settings settings;

/* What the three say; NULL: nothing. The file is one line. */
static void say(char *word, const char *variables[][2], const char *file)
{
    const char *argument;
    char *argv[] = {"test", word, NULL};
    settings_deinit(&settings);
    memset(&got, 0, sizeof got);
    heard[0] = '\0';
    settings_init(&settings, tables, (struct teller){.tell = hear});
    assert_int_equal(settings_command_line(&settings, word ? 2 : 1, argv, &argument), 0);
    assert_null(argument);
    for (size_t i = 0; variables && variables[i][0]; i++)
        setenv(variables[i][0], variables[i][1], 1);
    settings_environment(&settings);
    settings_strange_variables(&settings);
    for (size_t i = 0; variables && variables[i][0]; i++) unsetenv(variables[i][0]);
    if (file) config_file_parse(&settings, "f", file, strlen(file));
    settings_credentials(&settings);
}

#define VARIABLES(...)  \
    (const char *[][2]) \
    {                   \
        __VA_ARGS__,    \
        {               \
            NULL, NULL  \
        }               \
    }

static void the_command_line_counts_most_and_the_file_least(void **state)
{
    (void)state;
    say("--max-message=1K", VARIABLES({"WEFT_MAX_MESSAGE", "2K"}), "max-message: 3K");
    assert_int_equal(got.size, 1 << 10);
    say(NULL, VARIABLES({"WEFT_MAX_MESSAGE", "2K"}), "max-message: 3K");
    assert_int_equal(got.size, 2 << 10);
    say(NULL, NULL, "max-message: 3K");
    assert_int_equal(got.size, 3 << 10);
    say("--only-channels=no", VARIABLES({"WEFT_VERBOSE", "2"}), "only-channels: yes\nverbose: 1");
    assert_false(got.only);
    assert_int_equal(got.verbose, 2);
    assert_string_equal(heard, "");
}

static void what_does_not_count_is_looked_at(void **state)
{
    (void)state;
    say("--max-message=1K", VARIABLES({"WEFT_MAX_MESSAGE", "much"}), "max-message: more");
    assert_int_equal(got.size, 1 << 10);
    assert_string_equal(heard, "WEFT_MAX_MESSAGE: \"much\" is not a size (1B to 1G)\n"
                               "f:1:14: max-message: \"more\" is not a size (1B to 1G)\n");
    assert_int_equal(settings.wrong, 2);
}

static void a_list_is_of_one_speaker(void **state)
{
    (void)state;
    say("--origin=a", VARIABLES({"WEFT_ORIGIN", "b;c"}), "origin: [d, e]");
    assert_int_equal(got.origins.n, 1);
    say(NULL, VARIABLES({"WEFT_ORIGIN", " b ;\n\n c d\t; "}), "origin: [d, e]");
    assert_int_equal(got.origins.n, 2);
    assert_string_equal(got.origins.items[0], "b");
    assert_string_equal(got.origins.items[1], "c d");
    say(NULL, NULL, "origin: [d, e]");
    assert_int_equal(got.origins.n, 2);
}

static void an_empty_variable_is_none(void **state)
{
    (void)state;
    say(NULL, VARIABLES({"WEFT_MAX_MESSAGE", ""}, {"WEFT_ORIGIN", ""}), "max-message: 3K");
    assert_int_equal(got.size, 3 << 10);
    assert_string_equal(heard, "");
}

static void a_variable_that_is_almost_one_is_wrong(void **state)
{
    (void)state;
    say(NULL,
        VARIABLES({"WEFT_MAX_MESAGE", "1"}, {"WEFT_CHECK", "1"}, {"WEFT_SOMETHING_ELSE", "1"}),
        NULL);
    assert_string_equal(
        heard, "WEFT_MAX_MESAGE: there is no such variable; did you mean WEFT_MAX_MESSAGE?\n");
    assert_false(got.check);
}

static void a_credential_is_there_when_nobody_says_another(void **state)
{
    (void)state;
    char folder[] = "/tmp/weft-test-settings-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    say(NULL, NULL, NULL);
    assert_null(got.key);

    snprintf(path, sizeof path, "%s/tls-key", folder);
    fclose(fopen(path, "w"));
    say(NULL, NULL, NULL);
    assert_string_equal(got.key, path);
    say(NULL, NULL, "tls-key: another");
    assert_string_equal(got.key, "another");
    unsetenv("CREDENTIALS_DIRECTORY");
    say(NULL, NULL, NULL);
    assert_null(got.key);
    unlink(path);
    rmdir(folder);
}

static void argv_stays_as_it_is(void **state)
{
    (void)state;
    const char *argument;
    char *argv[] = {"test", "-v", "dir", "--origin", "a", NULL};
    settings_init(&settings, tables, (struct teller){.tell = hear});
    assert_int_equal(settings_command_line(&settings, 5, argv, &argument), 1);
    assert_string_equal(argument, "dir");
    assert_string_equal(argv[1], "-v");
    assert_string_equal(argv[2], "dir");
}

static int end(void **state)
{
    (void)state;
    settings_deinit(&settings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_counts_most_and_the_file_least),
        cmocka_unit_test(what_does_not_count_is_looked_at),
        cmocka_unit_test(a_list_is_of_one_speaker),
        cmocka_unit_test(an_empty_variable_is_none),
        cmocka_unit_test(a_variable_that_is_almost_one_is_wrong),
        cmocka_unit_test(a_credential_is_there_when_nobody_says_another),
        cmocka_unit_test(argv_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
