/* SPDX-License-Identifier: MIT
 *
 * Base64, there and back.
 */
#include <weft/aux.h>

#include <stdlib.h>

#include "channel/unit.h"
#include "hub/unit.h"

static void assert_pair(weft_bytes bytes, const char *base64)
{
    char text[64];
    uint8_t back[64];
    size_t len = WEFT_BASE64_LEN(bytes.len);
    assert_int_equal(len, strlen(base64));
    weft_base64_encode(bytes, text);
    assert_memory_equal(text, base64, len);
    assert_int_equal(weft_base64_decode((weft_bytes){(uint8_t *)text, len}, back), bytes.len);
    if (bytes.len) assert_memory_equal(back, bytes.data, bytes.len);
}

/* RFC 4648, 10; and a text that has all letters of the alphabet. */
static void the_examples_of_the_rfc(void **state)
{
    (void)state;
    assert_pair(LITERAL(""), "");
    assert_pair(LITERAL("f"), "Zg==");
    assert_pair(LITERAL("fo"), "Zm8=");
    assert_pair(LITERAL("foo"), "Zm9v");
    assert_pair(LITERAL("foob"), "Zm9vYg==");
    assert_pair(LITERAL("fooba"), "Zm9vYmE=");
    assert_pair(LITERAL("foobar"), "Zm9vYmFy");
    assert_pair(
        LITERAL(
            "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61\x96\x9b\x71"
            "\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e"
            "\xbb\xf3\xdf\xbf"),
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

static void whatever_is_written_reads_as_the_same(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (size_t len = 0; len < 200; len++) {
        size_t n = WEFT_BASE64_LEN(len);
        uint8_t *bytes = malloc(len + 1), *text = malloc(n + 1);
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)roll(&seed, 256);
        weft_base64_encode((weft_bytes){bytes, len}, (char *)text);
        assert_int_equal(weft_base64_decode((weft_bytes){text, n}, text), len); /* in place */
        assert_memory_equal(text, bytes, len);
        free(bytes);
        free(text);
    }
}

static void only_the_alphabet_is_read(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t out[3];
    for (unsigned c = 0; c < 256; c++)
        for (size_t at = 0; at < 4; at++) {
            uint8_t group[] = "AAAA";
            group[at] = (uint8_t)c;
            bool is_digit = c && strchr(alphabet, (int)c);
            bool ends = c == '=' && at == 3;
            assert_int_equal(weft_base64_decode((weft_bytes){group, 4}, out), is_digit ? 3
                                                                              : ends   ? 2
                                                                                       : -1);
        }
}

static void what_is_not_quite_base64_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Zg",   "Zg=",  "Zg===",    "Z===",   "====", "Zh==",  "Zm9=",     "Zm 8=",
        "=Zm9", "Z=g=", "Zm8=Zm8=", "Zg==\n", "A",    "Zm9v=", "Zm9vZg==="};
    uint8_t out[16];
    for (size_t i = 0; i < countof(wrong); i++)
        if (weft_base64_decode(bytes_of_text(wrong[i]), out) != -1)
            fail_msg("%s is taken", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc),
        cmocka_unit_test(whatever_is_written_reads_as_the_same),
        cmocka_unit_test(only_the_alphabet_is_read),
        cmocka_unit_test(what_is_not_quite_base64_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
