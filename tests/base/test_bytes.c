/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_bytes.c - comparing, trimming and cutting borrowed bytes; the character classes
 */
#include "base/bytes.h"

#include "unit.h"

static void test_equal(void **state)
{
    (void)state;
    assert_true(bytes_is(bytes_of("abc"), "abc"));
    assert_false(bytes_is(bytes_of("abc"), "abC"));
    assert_false(bytes_is(bytes_of("abc"), "ab"));
    assert_true(bytes_is((weft_bytes){NULL, 0}, ""));
    assert_true(bytes_is_nocase(bytes_of("aBc-1"), "AbC-1"));
    assert_false(bytes_is_nocase(bytes_of("abc"), "abd"));
    assert_false(bytes_is_nocase(bytes_of("@[`{"), "`{@[")); /* 0x20 apart, and no letters */
    assert_false(bytes_is_nocase(bytes_of("\xc4"), "\xe4"));
}

static void test_lower(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        int want = c >= 'A' && c <= 'Z' ? c + 32 : c;
        assert_int_equal(ascii_lower((uint8_t)c), want);
    }
}

static void test_trim(void **state)
{
    (void)state;
    assert_true(bytes_is(bytes_trim(bytes_of(" \t a b \t")), "a b"));
    assert_true(bytes_is(bytes_trim(bytes_of("a")), "a"));
    assert_true(bytes_is(bytes_trim(bytes_of(" \t ")), ""));
    assert_true(bytes_is(bytes_trim(bytes_of("")), ""));
    assert_true(bytes_is(bytes_trim(bytes_of("\r\na\n")), "\r\na\n"));
    assert_int_equal(bytes_trim((weft_bytes){0}).len, 0);
}

static void test_cut(void **state)
{
    (void)state;
    weft_bytes rest = bytes_of("a,,bc,");
    assert_true(bytes_is(bytes_cut(&rest, ','), "a"));
    assert_true(bytes_is(bytes_cut(&rest, ','), ""));
    assert_true(bytes_is(bytes_cut(&rest, ','), "bc"));
    assert_int_equal(rest.len, 0);
    assert_int_equal(bytes_cut(&rest, ',').len, 0);
    rest = bytes_of("whole");
    assert_true(bytes_is(bytes_cut(&rest, ','), "whole"));
    assert_int_equal(rest.len, 0);
    rest = (weft_bytes){0};
    assert_int_equal(bytes_cut(&rest, ',').len, 0);
}

static void test_cut_last(void **state)
{
    (void)state;
    weft_bytes rest = bytes_of("a,bc,,d");
    assert_true(bytes_is(bytes_cut_last(&rest, ','), "d"));
    assert_true(bytes_is(bytes_cut_last(&rest, ','), ""));
    assert_true(bytes_is(bytes_cut_last(&rest, ','), "bc"));
    assert_true(bytes_is(rest, "a"));
    assert_true(bytes_is(bytes_cut_last(&rest, ','), "a"));
    assert_int_equal(rest.len, 0);
    assert_int_equal(bytes_cut_last(&rest, ',').len, 0);
    rest = (weft_bytes){0};
    assert_int_equal(bytes_cut_last(&rest, ',').len, 0);
}

static void test_cut_unquoted(void **state)
{
    (void)state;
    weft_bytes rest = bytes_of("a=\"b,c\\\",d\",e,\"f,g");
    assert_true(bytes_is(bytes_cut_unquoted(&rest, ','), "a=\"b,c\\\",d\""));
    assert_true(bytes_is(bytes_cut_unquoted(&rest, ','), "e"));
    assert_true(bytes_is(bytes_cut_unquoted(&rest, ','), "\"f,g")); /* never closed */
    assert_int_equal(rest.len, 0);
    assert_int_equal(bytes_cut_unquoted(&rest, ',').len, 0);
    rest = bytes_of("\"\\");
    assert_true(bytes_is(bytes_cut_unquoted(&rest, ','), "\"\\"));
    rest = (weft_bytes){0};
    assert_int_equal(bytes_cut_unquoted(&rest, ',').len, 0);
}

static void test_from_and_skip(void **state)
{
    (void)state;
    uint8_t text[] = "abc";
    weft_span s = {text, 3};
    assert_true(bytes_is(bytes_from(bytes_of("abc"), 1), "bc"));
    assert_true(bytes_is(bytes_from(bytes_of("abc"), 3), ""));
    span_skip(&s, 2);
    assert_int_equal(s.len, 1);
    assert_int_equal(*s.data, 'c');
    s = (weft_span){0};
    span_skip(&s, 0);
    copy(NULL, NULL, 0);
}

/* RFC 9110, 5.6.2 */
static void test_tokens(void **state)
{
    (void)state;
    static const char tokens[] = "!#$%&'*+-.^_`|~0123456789"
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        assert_int_equal(bytes_is_token((weft_bytes){&byte, 1}), c && strchr(tokens, c) != NULL);
    }
    assert_true(bytes_is_token(bytes_of("Sec-WebSocket-Key")));
    assert_false(bytes_is_token(bytes_of("")));
    assert_false(bytes_is_token(bytes_of("a b")));
    assert_false(bytes_is_token((weft_bytes){(const uint8_t *)"a\0b", 3}));
}

/* RFC 9110, 5.5: no control character but the tab. */
static void test_field_values(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool want = c == '\t' || (c >= 0x20 && c != 0x7f);
        for (size_t at = 0; at < 20;
             at++) { /* in each place of the words that are looked at at once */
            uint8_t text[] = "a long value\xff\x80 ~ abc";
            text[at] = (uint8_t)c;
            assert_int_equal(bytes_is_field_value((weft_bytes){text, at + 1}), want);
            assert_int_equal(bytes_is_field_value((weft_bytes){text, 20}), want);
        }
    }
    assert_true(bytes_is_field_value((weft_bytes){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),         cmocka_unit_test(test_lower),
        cmocka_unit_test(test_trim),          cmocka_unit_test(test_cut),
        cmocka_unit_test(test_cut_last),      cmocka_unit_test(test_cut_unquoted),
        cmocka_unit_test(test_from_and_skip), cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_field_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
