/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_chars.c - the table says what the RFCs say
 */
#include "base/chars.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/bytes.h"

static bool is(int c, uint8_t classes)
{
    return (char_class[c] & classes) != 0;
}

static void every_byte(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        assert_int_equal(is(c, CHAR_TOKEN), bytes_is_token((weft_bytes){&byte, 1}));
        assert_int_equal(is(c, CHAR_VALUE), bytes_is_field_value((weft_bytes){&byte, 1}));
        assert_int_equal(is(c, CHAR_TARGET), c > 0x20 && c < 0x7f && c != '#');
        assert_int_equal(is(c, CHAR_HOST), alnum || (c && strchr("-._~", c)));
        assert_int_equal(is(c, CHAR_SUB), c && strchr("!$&'()*+,;=", c));
        assert_int_equal(char_hex(byte) >= 0, alnum && ascii_lower(byte) <= 'f');
    }
    assert_int_equal(char_hex('9') * 256 + char_hex('a') * 16 + char_hex('F'), 0x9af);
}

static void runs(void **state)
{
    (void)state;
    static const uint8_t text[] = "abc: d";
    assert_int_equal(char_run(CHAR_TOKEN, text, 6), 3);
    assert_int_equal(char_run(CHAR_TOKEN, text, 2), 2);
    assert_int_equal(char_run(CHAR_TOKEN, text, 0), 0);
    assert_int_equal(char_run(0, text, 6), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte), cmocka_unit_test(runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
