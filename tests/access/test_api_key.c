/* SPDX-License-Identifier: MIT
 *
 * Keys of back-ends.
 */
#include "access/access.h"
#include "access/api_key.h"

static struct api_keys keys;

static void refuses(const char *text, const char *words)
{
    struct why why = {""};
    if (api_keys_read(&keys, text_of(text), &why)) fail_msg("%s is taken", text);
    assert_says(&why, words, text);
}

static void several_with_names_and_without(void **state)
{
    (void)state;
    struct why why;
    assert_true(
        api_keys_read(&keys, text_of("# two\n\n" SECRET "\nbilling  " ANOTHER " \r\n"), &why));
    assert_int_equal(keys.n, 2);
    struct identity *i = api_keys_check(&keys, text_of(SECRET));
    assert_int_equal(i->user.len, 0);
    assert_int_equal(i->until_ms, 0);
    assert_true(api_keys_have_print(&keys, i->print));
    identity_unref(i);
    i = api_keys_check(&keys, text_of(ANOTHER));
    assert_bytes(i->user, "billing");
    const char *const names[] = {"/", "/a", "/a/b", "/a/*", "/**"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct channel_pattern p;
        assert_true(channel_pattern_read(&p, text_of(names[n]), &why));
        assert_int_equal(identity_rights(i, &p), WEFT_RIGHT_READ | WEFT_RIGHT_WRITE |
                                                     WEFT_RIGHT_PRESENCE | WEFT_RIGHT_DROP);
    }
    identity_unref(i);
    assert_null(api_keys_check(&keys, text_of(SECRET "x")));
    assert_null(api_keys_check(&keys, text_of("0123456789abcdef0123456789abcdeF")));
    assert_null(api_keys_check(&keys, text_of("")));
    assert_null(api_keys_check(&keys, text_of("billing")));
}

static void what_is_no_file_of_keys(void **state)
{
    (void)state;
    char many[API_KEYS_MAX * 33 + 34] = "";
    refuses("", "no key");
    refuses("# nothing\n", "no key");
    refuses("short\n", "line 1: a key has at least 32");
    refuses(SECRET "\nname short\n", "line 2");
    refuses("two names " SECRET, "line 1");
    refuses("\x01 " SECRET, "line 1: a name");
    for (int i = 0; i <= API_KEYS_MAX; i++) strcat(many, SECRET "\n");
    refuses(many, "more than 64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_with_names_and_without),
        cmocka_unit_test(what_is_no_file_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
