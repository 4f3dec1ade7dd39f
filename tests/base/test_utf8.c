/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_utf8.c - UTF-8 against a plain reference: every sequence of one to four bytes
 *
 * Four bytes whose first cannot lead a longer sequence say nothing new, so of those only the lead bytes
 * F0 to F7 are tried with all that can follow them.
 */
#include "base/utf8.h"

#include "unit.h"

/* ---- the reference: decode, then ask whether that is the shortest form of a scalar value -------- */

static size_t length_of(uint8_t lead)
{
    if (lead < 0x80) return 1;
    if (lead >= 0xc0 && lead < 0xe0) return 2;
    if (lead >= 0xe0 && lead < 0xf0) return 3;
    return lead >= 0xf0 && lead < 0xf8 ? 4 : 0;
}

/* Whether the n bytes are exactly one code point. */
static bool is_code_point(const uint8_t *p, size_t n)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n == 0 || length_of(p[0]) != n) return false;
    uint32_t value = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return false;
        value = value << 6 | (p[i] & 0x3f);
    }
    return value >= least[n] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

static bool is_text(const uint8_t *p, size_t n)
{
    while (n) {
        size_t len = length_of(p[0]);
        if (!len || len > n || !is_code_point(p, len)) return false;
        p += len, n -= len;
    }
    return true;
}

/* ---- every sequence -------------------------------------------------------------------------- */

static void expect_same(const uint8_t *p, size_t n)
{
    bool want = is_text(p, n);
    if (weft_utf8_valid(p, n) != want)
        fail_msg("%02x %02x %02x %02x (%zu bytes)", p[0], p[1], p[2], p[3], n);
}

static void test_up_to_three_bytes(void **state)
{
    (void)state;
    uint8_t p[4] = {0};
    for (unsigned a = 0; a < 256; a++) {
        p[0] = (uint8_t)a;
        expect_same(p, 1);
        for (unsigned b = 0; b < 256; b++) {
            p[1] = (uint8_t)b;
            expect_same(p, 2);
            for (unsigned c = 0; c < 256; c++) {
                p[2] = (uint8_t)c;
                expect_same(p, 3);
            }
        }
    }
}

/* The third and fourth only at the borders of what may follow. */
static void test_four_bytes(void **state)
{
    (void)state;
    static const uint8_t border[] = {0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90,
                                     0x9f, 0xa0, 0xbe, 0xbf, 0xc0, 0xff};
    for (unsigned a = 0x7f; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (size_t c = 0; c < countof(border); c++)
                for (size_t d = 0; d < countof(border); d++)
                    expect_same((uint8_t[]){(uint8_t)a, (uint8_t)b, border[c], border[d]}, 4);
}

/* Every code point, encoded. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        uint8_t p[4] = {(uint8_t)c};
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        if (n > 1)
            for (size_t i = 0; i < n; i++)
                p[i] = (uint8_t)((i ? 0x80 : lead[n]) | ((c >> (6 * (n - 1 - i))) & 0x3f));
        if (weft_utf8_valid(p, n) != (c < 0xd800 || c > 0xdfff)) fail_msg("U+%04X", c);
    }
}

/* ---- as it arrives --------------------------------------------------------------------------- */

static const char mixed[] = "plain ascii, \xc3\xa4, \xe2\x82\xac, \xed\x9f\xbf, \xf0\x9f\x98\x80, "
                            "\xf4\x8f\xbf\xbf, \xc2\x80\xdf\xbf and more ascii";

static void test_every_split(void **state)
{
    (void)state;
    const uint8_t *p = (const uint8_t *)mixed;
    size_t n = sizeof mixed - 1;
    for (size_t i = 0; i <= n; i++)
        for (size_t j = i; j <= n; j++) {
            utf8_state s = 0;
            assert_true(utf8_feed(&s, p, i));
            assert_int_equal(s == 0, is_text(p, i)); /* 0: complete so far */
            assert_true(utf8_feed(&s, p + i, j - i));
            assert_true(utf8_feed(&s, p + j, n - j));
            assert_int_equal(s, 0);
        }
}

/* The first byte that cannot be right is noticed when it comes, not later. */
static void test_fails_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *good, *bad;
    } cases[] = {
        {"", "\x80"},
        {"", "\xc0"},
        {"", "\xc1"},
        {"", "\xf5"},
        {"", "\xff"},
        {"\xc3", "A"},
        {"\xe0", "\x9f"},
        {"\xed", "\xa0"},
        {"\xf0", "\x8f"},
        {"\xf4", "\x90"},
        {"\xe2\x82", "A"},
        {"\xf0\x9f\x98", "\xc0"},
        {"abcdefghijklmnop", "\xfe"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        utf8_state s = 0;
        assert_true(utf8_feed(&s, (const uint8_t *)cases[i].good, strlen(cases[i].good)));
        assert_false(utf8_feed(&s, (const uint8_t *)cases[i].bad, 1));
    }
}

/* A bad byte at every place of a long run of ASCII, which is read eight bytes at a time. */
static void test_ascii_runs(void **state)
{
    (void)state;
    uint8_t text[40];
    for (size_t n = 0; n <= sizeof text; n++) {
        memset(text, 'a', sizeof text);
        assert_true(weft_utf8_valid(text, n));
        for (size_t i = 0; i < n; i++) {
            text[i] = 0xff;
            assert_false(weft_utf8_valid(text, n));
            text[i] = 'a';
        }
    }
    assert_true(weft_utf8_valid(NULL, 0));
}

static void test_cut(void **state)
{
    (void)state;
    const uint8_t *p = (const uint8_t *)mixed;
    size_t len = sizeof mixed - 1;
    for (size_t n = 0; n <= len + 5; n++) {
        size_t cut = utf8_cut(p, len, n), best = n < len ? n : len;
        while (!is_text(p, best)) best--;
        assert_int_equal(cut, best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up_to_three_bytes),
        cmocka_unit_test(test_four_bytes),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_fails_at_once),
        cmocka_unit_test(test_ascii_runs),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
