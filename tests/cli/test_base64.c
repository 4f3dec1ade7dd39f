/* SPDX-License-Identifier: MIT
 *
 * Bytes as text and back; what is no base64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/base64.h"

static weft_bytes bytes_of(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

/* The examples of RFC 4648, 10. */
static void test_the_examples_of_the_rfc(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[BASE64_TEXT(6)];
        uint8_t bytes[BASE64_BYTES(8)];
        size_t len;
        assert_int_equal(base64_write(text, bytes_of(rows[i][0])), strlen(rows[i][1]));
        assert_string_equal(text, rows[i][1]);
        assert_true(base64_read(bytes, &len, bytes_of(rows[i][1])));
        assert_int_equal(len, strlen(rows[i][0]));
        assert_memory_equal(bytes, rows[i][0], len);
    }
}

static void test_every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t n = 1; n <= 4; n++)
            for (size_t at = 0; at < n; at++) {
                uint8_t in[4] = {0x5a, 0xa5, 0x00, 0xff}, out[BASE64_BYTES(8)];
                char text[BASE64_TEXT(4)];
                size_t len;
                in[at] = (uint8_t)byte;
                base64_write(text, (weft_bytes){in, n});
                assert_true(base64_read(out, &len, bytes_of(text)));
                assert_int_equal(len, n);
                assert_memory_equal(in, out, n);
            }
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {"Z",    "Zg",    "Zg=",  "Zg==Zg==", "Zh==",
                                       "Zm9=", "=",     "====", "Zm9v=",    "Z===",
                                       "Zm 9", "Zm9\n", "Zm-_", "Zg=A",     "Zm9v\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        uint8_t out[16];
        size_t len;
        assert_false(base64_read(out, &len, bytes_of(none[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_examples_of_the_rfc),
        cmocka_unit_test(test_every_byte_at_every_place),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
