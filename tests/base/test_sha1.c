/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_sha1.c - SHA-1: the vectors of RFC 3174 that fit, the accept key of RFC 6455, and the
 * lengths around a block
 */
#include "base/sha1.h"

#include "unit.h"

static void expect(const char *text, const char *want)
{
    uint8_t digest[SHA1_LEN];
    char hex[2 * SHA1_LEN + 1];
    sha1(text, strlen(text), digest);
    for (size_t i = 0; i < SHA1_LEN; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, want);
}

static void test_vectors(void **state)
{
    (void)state;
    expect("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
           "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    expect("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
           "b37a4f2cc0624f1690f64606cf385945b2bec4ea"); /* RFC 6455, 1.3 */
}

/* 'a' so many times: one block, exactly one, two, and the longest that is allowed. */
static void test_lengths_around_a_block(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *want;
    } cases[] = {
        {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
        {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
        {63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
        {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
        {65, "11655326c708d70319be2610e8a57d9a5b959d3b"},
        {119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"},
    };
    char text[120];
    for (size_t i = 0; i < countof(cases); i++) {
        memset(text, 'a', cases[i].len);
        text[cases[i].len] = 0;
        expect(text, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_lengths_around_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
