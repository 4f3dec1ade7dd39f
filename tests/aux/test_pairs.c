/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_pairs.c - parameters of queries and forms, and cookies
 */
#include "aux/unit.h"

typedef int getter(weft_bytes text, const char *name, char *out, size_t size);
typedef bool walker(weft_bytes *rest, weft_field *pair);

static void gets(getter *get, const char *text, const char *name, const char *want)
{
    char out[64] = "old";
    assert_int_equal(get(bytes(text), name, out, sizeof out), strlen(want));
    assert_string_equal(out, want);
}

static void fails(getter *get, const char *text, const char *name, int error)
{
    char out[4] = "old";
    assert_int_equal(get(bytes(text), name, out, sizeof out), error);
    assert_string_equal(out, "");
}

/* All pairs, as "name=value|name=value|". */
static void walks(walker *next, const char *text, const char *want)
{
    char said[128] = "";
    weft_bytes rest = bytes(text);
    weft_field pair;
    while (next(&rest, &pair))
        snprintf(said + strlen(said), sizeof said - strlen(said), "%.*s=%.*s|", (int)pair.name.len,
                 (const char *)pair.name.data, (int)pair.value.len, (const char *)pair.value.data);
    assert_string_equal(said, want);
    assert_int_equal(rest.len, 0);
}

/* ---- queries --------------------------------------------------------------------------------- */

static void a_parameter_is_found_and_decoded(void **state)
{
    (void)state;
    gets(weft_query_get, "room=1&name=a%20b+c&x", "name", "a b c");
    gets(weft_query_get, "room=1&name=a", "room", "1");
    gets(weft_query_get, "a=b=c", "a", "b=c");
    gets(weft_query_get, "a=%3D%26", "a", "=&");
}

static void one_that_is_empty_is_there(void **state)
{
    (void)state;
    gets(weft_query_get, "a=&b=1", "a", "");
    gets(weft_query_get, "b=1&a", "a", "");
    gets(weft_query_get, "=nameless", "", "nameless");
}

static void one_that_is_not_there(void **state)
{
    (void)state;
    fails(weft_query_get, "", "a", -ENOENT);
    fails(weft_query_get, "ab=1&A=2&b=a", "a", -ENOENT);
    fails(weft_query_get, "a=1", "ab", -ENOENT);
    fails(weft_query_get, "a=1", "", -ENOENT);
    assert_int_equal(weft_query_get((weft_bytes){0}, "a", NULL, 0), -ENOENT);
}

static void one_that_does_not_fit(void **state)
{
    (void)state;
    fails(weft_query_get, "a=1234", "a", -ENOSPC);
    gets(weft_query_get, "a=123", "a", "123");
    assert_int_equal(weft_query_get(bytes("a="), "a", NULL, 0), -ENOSPC);
}

static void a_bad_escape_is_told_of_the_one_that_was_asked_for(void **state)
{
    (void)state;
    fails(weft_query_get, "a=%zz", "a", WEFT_ERR_HTTP);
    fails(weft_query_get, "a=%00", "a", WEFT_ERR_HTTP);
    fails(weft_query_get, "a=1234567%", "a", WEFT_ERR_HTTP); /* also too long */
    gets(weft_query_get, "a=%zz&%q=1&b=2", "b", "2");
}

static void the_first_of_several_counts(void **state)
{
    (void)state;
    gets(weft_query_get, "a=1&a=2", "a", "1");
    gets(weft_query_get, "a=&a=2", "a", "");
    fails(weft_query_get, "a=%&a=2", "a", WEFT_ERR_HTTP);
}

static void names_are_encoded_too(void **state)
{
    (void)state;
    gets(weft_query_get, "first+name=x", "first name", "x");
    gets(weft_query_get, "%66%6Foo=x", "fooo", "x");
    fails(weft_query_get, "fo%6=x", "foo", -ENOENT);
    fails(weft_query_get, "foo%00=x", "foo", -ENOENT);
}

static void a_walk_gives_them_as_they_were_sent(void **state)
{
    (void)state;
    walks(weft_query_next, "a=1&b=%20+&c&=d&a=2", "a=1|b=%20+|c=|=d|a=2|");
    walks(weft_query_next, "&&a=1&&", "a=1|");
    walks(weft_query_next, "a=1;b=2", "a=1;b=2|");
    walks(weft_query_next, "", "");
    walks(weft_query_next, "=", "=|");
}

/* ---- cookies --------------------------------------------------------------------------------- */

static void a_cookie_is_found_and_decoded(void **state)
{
    (void)state;
    gets(weft_cookie_get, "session=abc; theme=dark", "session", "abc");
    gets(weft_cookie_get, "session=abc; theme=dark", "theme", "dark");
    gets(weft_cookie_get, "a=s%3Aabc%2F+", "a", "s:abc/+");
    gets(weft_cookie_get, "a=b=c==", "a", "b=c==");
    gets(weft_cookie_get, "a=1;b=2;\tc = 3 ", "c", "3");
    gets(weft_cookie_get, "a=1; a=2", "a", "1");
}

static void quotes_around_a_cookie_go(void **state)
{
    (void)state;
    gets(weft_cookie_get, "a=\"b c\"", "a", "b c");
    gets(weft_cookie_get, "a=\"\"", "a", "");
    gets(weft_cookie_get, "a=\"", "a", "\"");
    gets(weft_cookie_get, "a=\"b", "a", "\"b");
}

static void cookies_that_cannot_be_had(void **state)
{
    (void)state;
    gets(weft_cookie_get, "a=; b=1", "a", "");
    fails(weft_cookie_get, "aa=1; A=2; a%61=3", "a", -ENOENT);
    fails(weft_cookie_get, "", "a", -ENOENT);
    fails(weft_cookie_get, "a", "a", -ENOENT); /* a value without a name */
    gets(weft_cookie_get, "a", "", "a");
    fails(weft_cookie_get, "a=1234", "a", -ENOSPC);
    fails(weft_cookie_get, "a=100%", "a", WEFT_ERR_HTTP);
    fails(weft_cookie_get, "a=%00", "a", WEFT_ERR_HTTP);
}

static void a_walk_over_cookies(void **state)
{
    (void)state;
    walks(weft_cookie_next, "a=1; b=\"2\" ;; c; =d;e=", "a=1|b=\"2\"|=c|=d|e=|");
    walks(weft_cookie_next, " ; ;", "");
    walks(weft_cookie_next, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_is_found_and_decoded),
        cmocka_unit_test(one_that_is_empty_is_there),
        cmocka_unit_test(one_that_is_not_there),
        cmocka_unit_test(one_that_does_not_fit),
        cmocka_unit_test(a_bad_escape_is_told_of_the_one_that_was_asked_for),
        cmocka_unit_test(the_first_of_several_counts),
        cmocka_unit_test(names_are_encoded_too),
        cmocka_unit_test(a_walk_gives_them_as_they_were_sent),
        cmocka_unit_test(a_cookie_is_found_and_decoded),
        cmocka_unit_test(quotes_around_a_cookie_go),
        cmocka_unit_test(cookies_that_cannot_be_had),
        cmocka_unit_test(a_walk_over_cookies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
