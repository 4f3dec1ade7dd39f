/* SPDX-License-Identifier: MIT
 *
 * Which channels a pattern means, and which patterns lie in others.
 */
#include "access/access.h"
#include "access/pattern.h"

static struct channel_pattern pattern(const char *text)
{
    struct channel_pattern p;
    struct why why;
    if (!channel_pattern_read(&p, text_of(text), &why)) fail_msg("%s: %s", text, why.text);
    return p;
}

static void what_matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *yes, *no;
    } rows[] = {
        {"/chat", "/chat", "/chats"}, {"/chat", "/chat", "/chat/a"},
        {"/q/*", "/q/a", "/q"},       {"/q/*", "/q/a", "/q/a/b"},
        {"/q/*", "/q/a", "/q/"},      {"/q/**", "/q/a/b", "/q"},
        {"/q/**", "/q/a", "/qa"},     {"/*", "/a", "/a/b"},
        {"/**", "/a/b/c", "/"},       {"/", "/", "/a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel_pattern p = pattern(rows[i].pattern);
        assert_true(channel_pattern_matches(&p, text_of(rows[i].yes)));
        assert_false(channel_pattern_matches(&p, text_of(rows[i].no)));
    }
}

/* Of each row either both cover each other, the first the second, or none. */
static void what_covers(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool covers, back;
    } rows[] = {
        {"/a", "/a", true, true},          {"/a/*", "/a/b", true, false},
        {"/a/*", "/a/*", true, true},      {"/a/**", "/a/*", true, false},
        {"/a/**", "/a/b/*", true, false},  {"/a/**", "/a/b/**", true, false},
        {"/**", "/*", true, false},        {"/**", "/a/b", true, false},
        {"/a/*", "/a/b/*", false, false},  {"/a/*", "/a/b/**", false, false},
        {"/a/*", "/b/*", false, false},    {"/a", "/a/*", false, false},
        {"/a/**", "/ab/**", false, false}, {"/a/*", "/a", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel_pattern a = pattern(rows[i].a), b = pattern(rows[i].b);
        if (channel_pattern_covers(&a, &b) != rows[i].covers)
            fail_msg("%s over %s", rows[i].a, rows[i].b);
        if (channel_pattern_covers(&b, &a) != rows[i].back)
            fail_msg("%s over %s", rows[i].b, rows[i].a);
    }
}

static void what_is_none(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "begins with a slash"},
        {"chat", "begins with a slash"},
        {"/a*", "stars"},
        {"/*/a", "stars"},
        {"/a/***", "stars"},
        {"/a//b", "empty"},
        {"/a/.b", "dot"},
        {"//*", "empty"},
        {"/a/", "does not end"},
        {"/a\nb", "control"},
        {"/\xff", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel_pattern p;
        struct why why = {""};
        if (channel_pattern_read(&p, text_of(rows[i][0]), &why))
            fail_msg("%s is taken", rows[i][0]);
        assert_says(&why, rows[i][1], rows[i][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_matches),
        cmocka_unit_test(what_covers),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
