/* SPDX-License-Identifier: MIT
 *
 * Who may do what on which channels: the most specific rule, and what a pattern needs.
 */
#include "access/access.h"
#include "access/rule.h"

enum {
    READ = WEFT_RIGHT_READ,
    WRITE = WEFT_RIGHT_WRITE,
    PRESENCE = WEFT_RIGHT_PRESENCE,
    DROP = WEFT_RIGHT_DROP,
    PATTERN = WEFT_RIGHT_PATTERN
};

static struct rules rules;

static void begin(enum who usual)
{
    rules = (struct rules){.n = 0};
    for (size_t i = 0; i < RIGHTS; i++) rules.usual[i] = usual;
}

static void add(const char *text)
{
    struct why why;
    if (!rules_add(&rules, text, &why)) fail_msg("%s: %s", text, why.text);
}

static void add_all(const char *const *texts)
{
    for (; *texts; texts++) add(*texts);
}

static unsigned rights_with(const char *on, const struct identity *i, unsigned *by_token)
{
    struct channel_pattern p;
    struct why why;
    unsigned token;
    assert_true(channel_pattern_read(&p, text_of(on), &why));
    return rules_rights(&rules, &p, i, by_token ? by_token : &token);
}

static unsigned rights(const char *on)
{
    return rights_with(on, NULL, NULL);
}

static struct identity *who_reads(const char *pattern)
{
    struct given given = {.rights = READ};
    struct why why;
    assert_true(channel_pattern_read(&given.pattern, text_of(pattern), &why));
    return identity_new(&(struct identity){.n = 1}, &given);
}

static void what_is_not_said_is_usual(void **state)
{
    (void)state;
    begin(NOBODY);
    assert_int_equal(rights("/a"), 0);
    add("/a: read=anyone");
    assert_int_equal(rights("/a"), READ);
    assert_int_equal(rights("/b"), 0);
}

static void the_most_specific_counts_for_each_right(void **state)
{
    (void)state;
    static const char *const forwards[] = {"/**: read=anyone, write=anyone", "/a/**: write=nobody",
                                           "/a/*: read=nobody", "/a/b: write=anyone", NULL};
    static const char *const backwards[] = {"/a/b: write=anyone", "/a/*: read=nobody",
                                            "/a/**: write=nobody", "/**: read=anyone, write=anyone",
                                            NULL};
    const char *const *const orders[] = {forwards, backwards};
    for (size_t i = 0; i < 2; i++) {
        begin(NOBODY);
        add_all(orders[i]);
        assert_int_equal(rights("/x"), READ | WRITE);
        assert_int_equal(rights("/a"), READ | WRITE);
        assert_int_equal(rights("/a/c"), 0);
        assert_int_equal(rights("/a/b"), WRITE);
        assert_int_equal(rights("/a/b/c"), READ);
    }
}

static void a_pattern_needs_all_that_it_can_match(void **state)
{
    (void)state;
    begin(ANYONE);
    add("/a/secret: read=nobody");
    assert_int_equal(rights("/a/*") & (READ | PATTERN), 0);
    assert_int_equal(rights("/a/**") & (READ | PATTERN), 0);
    assert_int_equal(rights("/**") & (READ | PATTERN), 0);
    assert_int_equal(rights("/b/*") & (READ | PATTERN), READ | PATTERN);
    assert_int_equal(rights("/a/secret") & READ, 0);
    assert_int_equal(rights("/a/open") & READ, READ);
}

/* What is general and shut does not count where something more specific covers the pattern. */
static void what_is_shut_outside_is_not_asked(void **state)
{
    (void)state;
    begin(NOBODY);
    add("/**: read=nobody, pattern=nobody");
    add("/a/*: read=anyone, pattern=anyone");
    assert_int_equal(rights("/a/*"), READ | PATTERN);
    assert_int_equal(rights("/a/**"), 0);
}

static void a_token_has_to_cover(void **state)
{
    (void)state;
    static const struct {
        const char *given, *on;
        unsigned rights;
    } rows[] = {
        {"/a/*", "/a/b", READ | PATTERN},
        {"/a/*", "/a/*", READ | PATTERN},
        {"/a/b", "/a/*", 0},
        {"/a/*", "/a/**", 0},
        {"/a/**", "/a/b/*", READ | PATTERN},
        {"/**", "/a/**", READ | PATTERN},
        {"/a/b", "/a/c", 0},
    };
    begin(TOKEN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct identity *who = who_reads(rows[i].given);
        unsigned by_token;
        unsigned has = rights_with(rows[i].on, who, &by_token);
        if (has != rows[i].rights) fail_msg("%s on %s: %u", rows[i].given, rows[i].on, has);
        assert_int_equal(has | by_token, READ | WRITE | PRESENCE | DROP | PATTERN);
        identity_unref(who);
    }
}

/* Anyone may read all but one: the token for that one is enough for the pattern. */
static void a_token_for_what_is_shut_inside(void **state)
{
    (void)state;
    begin(ANYONE);
    add("/a/inner: read=token");
    struct identity *inner = who_reads("/a/inner");
    assert_int_equal(rights("/a/*") & READ, 0);
    assert_int_equal(rights_with("/a/*", inner, NULL) & (READ | PATTERN), READ | PATTERN);
    identity_unref(inner);
}

static void what_nobody_has_no_token_gives(void **state)
{
    (void)state;
    begin(NOBODY);
    struct identity *who = who_reads("/**");
    unsigned by_token;
    assert_int_equal(rights_with("/a", who, &by_token), 0);
    assert_int_equal(by_token, 0);
    identity_unref(who);
}

static void what_is_no_rule(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/a", "what it allows is missing"},
        {"/a: reed=anyone", "is no right"},
        {"/a: read=everyone", "read=anyone, read=token or read=nobody"},
        {"/a: read", "read=anyone"},
        {"/a: ", "is no right"},
        {"/a: read=anyone,, write=anyone", "is no right"},
        {"/a: read=anyone, read=token", "said twice"},
        {"a: read=anyone", "begins with a slash"},
        {"/taken: write=token", "same channels"},
        {" /taken : write=token", "same channels"},
    };
    begin(NOBODY);
    add("/taken: read=anyone");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why why = {""};
        if (rules_add(&rules, rows[i][0], &why)) fail_msg("%s is taken", rows[i][0]);
        assert_says(&why, rows[i][1], rows[i][0]);
    }
    assert_int_equal(rules.n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_usual),
        cmocka_unit_test(the_most_specific_counts_for_each_right),
        cmocka_unit_test(a_pattern_needs_all_that_it_can_match),
        cmocka_unit_test(what_is_shut_outside_is_not_asked),
        cmocka_unit_test(a_token_has_to_cover),
        cmocka_unit_test(a_token_for_what_is_shut_inside),
        cmocka_unit_test(what_nobody_has_no_token_gives),
        cmocka_unit_test(what_is_no_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
