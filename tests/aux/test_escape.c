/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_escape.c - strangers' bytes in a line of a log
 */
#include "aux/unit.h"

static void escapes(weft_bytes bytes, const char *want)
{
    char out[2048];
    assert_int_equal(weft_escape(out, sizeof out, bytes), strlen(want));
    assert_string_equal(out, want);
}

static void visible_ascii_stays(void **state)
{
    (void)state;
    escapes(bytes(""), "");
    escapes((weft_bytes){0}, "");
    escapes(bytes("GET /a b?c=%20~"), "GET /a b?c=%20~");
}

static void the_rest_is_in_hexadecimal(void **state)
{
    (void)state;
    escapes(bytes("a\"b\\c"), "a\\x22b\\x5cc");
    escapes(bytes("\r\n\t\x1b[31m\x7f"), "\\x0d\\x0a\\x09\\x1b[31m\\x7f");
    escapes(bytes("\x9b\xc2\x9b\xe2\x80\xae\xff"), "\\x9b\\xc2\\x9b\\xe2\\x80\\xae\\xff");
    escapes((weft_bytes){(const uint8_t *)"a\0b", 3}, "a\\x00b");
}

/* Every byte has one text, and no two have the same. */
static void all_bytes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char out[8], want[8];
        uint8_t byte = (uint8_t)c;
        bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
        snprintf(want, sizeof want, plain ? "%c" : "\\x%02x", (unsigned)c);
        weft_escape(out, sizeof out, (weft_bytes){&byte, 1});
        assert_string_equal(out, want);
    }
}

/* No half of an escape, and always a NUL. */
static void it_is_cut_to_fit(void **state)
{
    static const char *const want[] = {NULL, "",       "a",       "a",      "a",
                                       "a",  "a\\x0a", "a\\x0ab", "a\\x0ab"};
    (void)state;
    for (size_t size = 0; size < countof(want); size++) {
        char *out = malloc(size + !size);
        size_t n = weft_escape(size ? out : NULL, size, bytes("a\nb"));
        assert_int_equal(n, size ? strlen(want[size]) : 0);
        if (size) assert_string_equal(out, want[size]);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visible_ascii_stays),
        cmocka_unit_test(the_rest_is_in_hexadecimal),
        cmocka_unit_test(all_bytes),
        cmocka_unit_test(it_is_cut_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
