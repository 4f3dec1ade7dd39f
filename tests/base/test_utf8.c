/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_utf8.c - UTF-8 against a plain reference: every sequence of one to four bytes
 *
 * Four bytes whose first cannot lead a longer sequence say nothing new, so of those only the lead bytes
 * F0 to F7 are tried with all that can follow them.
 */
#include "base/utf8.h"

#include "unit.h"
#include "utf8_reference.h"

/* ---- every sequence -------------------------------------------------------------------------- */

static void expect_same(const uint8_t *p, size_t n)
{
    bool want = reference_is_text(p, n);
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

/* Of what may follow, and beside it. */
static const uint8_t border[] = {0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90,
                                 0x9f, 0xa0, 0xbe, 0xbf, 0xc0, 0xff};

/* The third and fourth only at the borders of what may follow. */
static void test_four_bytes(void **state)
{
    (void)state;
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
            assert_int_equal(s == 0, reference_is_text(p, i)); /* 0: complete so far */
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

/* A bad byte at every place of a run of ASCII, which is read in different ways by length. */
static void test_ascii_runs(void **state)
{
    (void)state;
    uint8_t text[300];
    memset(text, 'a', sizeof text);
    for (size_t n = 0; n <= sizeof text; n++) {
        assert_true(weft_utf8_valid(text, n));
        for (size_t i = 0; i < n; i++) {
            text[i] = 0xff;
            assert_false(weft_utf8_valid(text, n));
            text[i] = 'a';
        }
    }
    assert_true(weft_utf8_valid(NULL, 0));
}

/* ---- long text, of which a kernel reads the most --------------------------------------------- */

enum { LONG_TEXT = 400 };

static void fill_long(uint8_t *text)
{
    for (size_t i = 0; i < LONG_TEXT; i++) text[i] = (uint8_t)mixed[i % (sizeof mixed - 1)];
}

/* From any state into a kernel, out of it in any state, and on. */
static void test_long_text_at_every_split(void **state)
{
    (void)state;
    uint8_t text[LONG_TEXT];
    fill_long(text);
    for (size_t i = 0; i <= LONG_TEXT; i++)
        for (size_t j = i; j <= LONG_TEXT; j++) {
            utf8_state s = 0;
            assert_true(utf8_feed(&s, text, i));
            assert_true(utf8_feed(&s, text + i, j - i));
            assert_int_equal(s == 0, reference_is_text(text, j));
            assert_true(utf8_feed(&s, text + j, LONG_TEXT - j));
        }
}

/* A kernel judges a byte by what is before it. So does this: the last byte is the first that is wrong. */
static void test_long_text_fails_at_once(void **state)
{
    (void)state;
    uint8_t text[LONG_TEXT];
    fill_long(text);
    for (size_t begin = 0; begin < sizeof mixed; begin++)
        for (size_t n = 1; begin + n <= LONG_TEXT; n++) {
            uint8_t kept = text[begin + n - 1];
            if (!reference_is_viable(text + begin, n)) continue;
            for (size_t c = 0; c < countof(border); c++) {
                utf8_state s = 0;
                text[begin + n - 1] = border[c];
                bool good = reference_is_viable(text + begin, n);
                if (utf8_feed(&s, text + begin, n) != good)
                    fail_msg("%zu bytes from %zu, the last %02x", n, begin, border[c]);
            }
            text[begin + n - 1] = kept;
        }
}

static void test_cut(void **state)
{
    (void)state;
    const uint8_t *p = (const uint8_t *)mixed;
    size_t len = sizeof mixed - 1;
    for (size_t n = 0; n <= len + 5; n++) {
        size_t cut = utf8_cut(p, len, n), best = n < len ? n : len;
        while (!reference_is_text(p, best)) best--;
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
        cmocka_unit_test(test_long_text_at_every_split),
        cmocka_unit_test(test_long_text_fails_at_once),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
