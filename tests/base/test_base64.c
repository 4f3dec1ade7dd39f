/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_base64.c - base64: the vectors of RFC 4648, 10, and how strict the reader is
 */
#include "base/base64.h"

#include "base/bytes.h"
#include "unit.h"

static void assert_pair(weft_bytes bytes, const char *base64)
{
    char text[64 + 1];
    uint8_t back[64];
    assert_int_equal(WEFT_BASE64_LEN(bytes.len), strlen(base64));
    base64_encode(bytes.data, bytes.len, text);
    assert_string_equal(text, base64);
    assert_int_equal(weft_base64_decode(bytes_of(text), back), bytes.len);
    if (bytes.len) assert_memory_equal(back, bytes.data, bytes.len);
}

static void test_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < countof(vectors); i++)
        assert_pair(bytes_of(vectors[i][0]), vectors[i][1]);
}

/* Bytes that have all characters of the alphabet, in order. */
static void test_all_characters(void **state)
{
    (void)state;
    static const uint8_t bytes[] =
        "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61\x96\x9b\x71\xd7"
        "\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e\xbb\xf3"
        "\xdf\xbf";
    assert_pair((weft_bytes){bytes, sizeof bytes - 1},
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

/* Written without a NUL, and read in place: with nothing behind the block. */
static void test_there_and_back(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t len = 0; len < 200; len++) {
        size_t n = WEFT_BASE64_LEN(len);
        uint8_t *bytes = malloc(len + !len), *text = malloc(n + !n);
        assert_true(bytes && text);
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)roll(&seed, 256);
        weft_base64_encode((weft_bytes){bytes, len}, (char *)text);
        assert_int_equal(weft_base64_decode((weft_bytes){text, n}, text), len);
        if (len) assert_memory_equal(text, bytes, len);
        free(bytes);
        free(text);
    }
}

static void expect(const char *text, ptrdiff_t zero, ptrdiff_t any)
{
    uint8_t out[32];
    if (weft_base64_decode(bytes_of(text), out) != zero ||
        base64_decode(bytes_of(text), out, BASE64_ANY) != any)
        fail_msg("\"%s\"", text);
}

static void test_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "A",         "Z",          "Zg",    "Zg=",      "Zg===",    "Zm9",       "Zg==\n",
        " Zg=",      "Zm9v=",      "Zm9vZ", "====",     "Z===",     "=Zg=",      "Zg=a",
        "Z=g=",      "Zg==Zg==",   "=Zm9",  "Zm 8=",    "Zm8=Zm8=", "Zm9vZg===", "Zm-_",
        "Zm9v\r\n=", "Z\xc3\xa4=", "Zg= ",  "Zm9v Zm9v"};
    uint8_t out[32];
    for (size_t i = 0; i < countof(bad); i++) expect(bad[i], -1, -1);
    assert_int_equal(weft_base64_decode((weft_bytes){(const uint8_t *)"Zg\0=", 4}, out), -1);
}

/* Of which the example of a key in RFC 6455, 4.1, has some that are not zero. */
static void test_unused_bits(void **state)
{
    (void)state;
    static const char key[] = "AQIDBAUGBwgJCgsMDQ4PEC==";
    uint8_t out[18];
    expect("Zg==", 1, 1);
    expect("Zh==", -1, 1);
    expect("Zv==", -1, 1);
    expect("Zm8=", 2, 2);
    expect("Zm9=", -1, 2);
    assert_int_equal(weft_base64_decode(bytes_of(key), out), -1);
    assert_int_equal(base64_decode(bytes_of(key), out, BASE64_ANY), 16);
    for (size_t i = 0; i < 16; i++) assert_int_equal(out[i], i + 1);
}

/* Each of 256 characters in each place of a group: those of the alphabet, and no other but padding at the end. */
static void test_alphabet(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 4; at++) {
            uint8_t out[3], group[] = "AAAA";
            group[at] = (uint8_t)c;
            bool good = c && strchr(alphabet, c), ends = c == '=' && at == 3;
            assert_int_equal(weft_base64_decode((weft_bytes){group, 4}, out), good   ? 3
                                                                              : ends ? 2
                                                                                     : -1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),        cmocka_unit_test(test_all_characters),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_strict),
        cmocka_unit_test(test_unused_bits),    cmocka_unit_test(test_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
