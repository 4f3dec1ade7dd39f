/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_base64.c - base64: the vectors of RFC 4648, and how strict the reader is
 */
#include "base/base64.h"

#include "base/bytes.h"
#include "unit.h"

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
    for (size_t i = 0; i < countof(vectors); i++) {
        char text[16];
        uint8_t data[16];
        size_t len = strlen(vectors[i][0]);
        base64_encode(vectors[i][0], len, text);
        assert_string_equal(text, vectors[i][1]);
        assert_int_equal(BASE64_LEN(len), strlen(text));
        assert_int_equal(base64_decode(bytes_of(text), data, sizeof data), (int)len);
        assert_memory_equal(data, vectors[i][0], len);
    }
}

static void test_there_and_back(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t n = 0; n < 200; n++) {
        uint8_t data[200], back[200];
        char text[BASE64_LEN(200) + 1];
        for (size_t i = 0; i < n; i++) data[i] = (uint8_t)roll(&seed, 256);
        base64_encode(data, n, text);
        assert_int_equal(strlen(text), BASE64_LEN(n));
        assert_int_equal(base64_decode(bytes_of(text), back, n), (int)n);
        assert_memory_equal(back, data, n);
        if (n) assert_int_equal(base64_decode(bytes_of(text), back, n - 1), -1);
    }
}

static void test_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z",     "Zg",        "Zg=",       "Zm9",   "Zg==\n",     " Zg=", "Zm9v=",
        "Zm9vZ", "====",      "Z===",      "=Zg=",  "Zg=a",       "Z=g=", "Zg==Zg==",
        "Zm-_",  "Zm9v\r\n=", "Zm9v Zm9v", "Zm8==", "Z\xc3\xa4=",
    };
    uint8_t out[32];
    for (size_t i = 0; i < countof(bad); i++)
        if (base64_decode(bytes_of(bad[i]), out, sizeof out) != -1) fail_msg("\"%s\"", bad[i]);
    assert_int_equal(base64_decode((weft_bytes){(const uint8_t *)"Zg\0=", 4}, out, 32), -1);
}

/* The example key of RFC 6455, 4.1, has bits that mean nothing; RFC 4648, 3.5, lets us not look at them. */
static void test_unused_bits(void **state)
{
    (void)state;
    uint8_t out[16];
    assert_int_equal(base64_decode(bytes_of("AQIDBAUGBwgJCgsMDQ4PEC=="), out, sizeof out), 16);
    for (size_t i = 0; i < 16; i++) assert_int_equal(out[i], i + 1);
}

/* Each of 256 characters in each place of a group: those of the alphabet, and no other. */
static void test_alphabet(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; c++) {
        for (int at = 0; at < 3; at++) {
            char group[5] = "AAAA";
            uint8_t out[3];
            group[at] = (char)c;
            bool good = c && strchr(alphabet, c);
            int n = base64_decode((weft_bytes){(uint8_t *)group, 4}, out, 3);
            assert_int_equal(n, good ? 3 : -1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),  cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_strict),   cmocka_unit_test(test_unused_bits),
        cmocka_unit_test(test_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
