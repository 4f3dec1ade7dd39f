/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_kernels.c - each set of kernels that this processor runs, against plain references
 *
 * A kernel for UTF-8 judges a byte by the three before it, in blocks. So whatever two bytes can say is
 * tried everywhere in a block, and four bytes of each kind over the border of two blocks, with text behind
 * them and as the last.
 */
#include "base/kernels.h"

#include "base/unit.h"
#include "base/utf8_reference.h"

static const struct kernels *set; /* under test */

/* ---- UTF-8: the contract of kernels.h -------------------------------------------------------- */

enum { TEXT = 4 * KERNEL_BLOCK + 9, FIRST = KERNEL_LOOK_BACK };

/* The first valid bytes of text are whole code points; viable: the rest can become one. */
static void expect_kept(const uint8_t *text, size_t n, size_t valid, bool viable)
{
    size_t got = set->utf8(text, FIRST, n);
    bool begins = got == valid || (text[got] & 0xc0) != 0x80;
    if (got < FIRST || got > valid || !begins)
        fail_msg("%s: %zu, but text up to %zu of %zu", set->name, got, valid, n);
    if (set == &kernels_portable) return;
    if (valid - got > (viable ? 4 : 2 * KERNEL_BLOCK))
        fail_msg("%s: only %zu, but text up to %zu of %zu", set->name, got, valid, n);
}

/* The bytes in the middle of ASCII, and at its end. */
static void expect_kept_at(size_t at, const uint8_t *bytes, size_t len)
{
    uint8_t text[TEXT];
    size_t valid = reference_points(bytes, len);
    bool whole = valid == len, viable = reference_is_viable(bytes, len);
    memset(text, 'a', sizeof text);
    memcpy(text + at, bytes, len);
    expect_kept(text, TEXT, whole ? TEXT : at + valid, whole);
    expect_kept(text, at + len, at + valid, viable);
}

static void test_every_two_bytes_everywhere(void **state)
{
    (void)state;
    enum { BLOCK = FIRST + KERNEL_BLOCK };
    for (unsigned both = 0; both <= UINT16_MAX; both++)
        for (size_t at = BLOCK; at < BLOCK + KERNEL_BLOCK; at++)
            expect_kept_at(at, (uint8_t[]){(uint8_t)(both >> 8), (uint8_t)both}, 2);
}

/* A byte of each kind that the rules tell apart. */
static const uint8_t kinds[] = {
    0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
    0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
};

static void test_four_bytes_over_a_border(void **state)
{
    (void)state;
    enum { BORDER = FIRST + KERNEL_BLOCK, ALL = countof(kinds) };
    for (size_t i = 0; i < ALL * ALL * ALL * ALL; i++) {
        uint8_t bytes[] = {kinds[i / ALL / ALL / ALL], kinds[i / ALL / ALL % ALL],
                           kinds[i / ALL % ALL], kinds[i % ALL]};
        for (size_t at = BORDER - 4; at <= BORDER; at++) expect_kept_at(at, bytes, 4);
    }
}

/* ---- UTF-8: at random ------------------------------------------------------------------------ */

/* Code points of one to four bytes; how many of the first kind, depends. */
static void fill_text(uint8_t *text, size_t n, uint64_t *dice)
{
    static const char *const points[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                         "z", "\xdf\xbf", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    uint32_t ascii = roll(dice, 101);
    memset(text, ' ', n);
    for (size_t at = FIRST; at < n;) {
        const char *point = roll(dice, 100) < ascii ? "x" : points[roll(dice, countof(points))];
        size_t len = strlen(point);
        if (len > n - at) break;
        memcpy(text + at, point, len);
        at += len;
    }
}

static void spoil(uint8_t *byte, uint64_t *dice)
{
    *byte = (uint8_t)(*byte ^ 1u << roll(dice, 8));
}

/* Valid text of any length that a kernel takes, cut anywhere, sometimes with a byte that was changed. */
static void test_texts_at_random(void **state)
{
    (void)state;
    uint8_t text[1000];
    uint64_t dice = 1;
    for (int i = 0; i < 20000; i++) {
        size_t n = FIRST + KERNEL_BLOCK + roll(&dice, sizeof text - FIRST - KERNEL_BLOCK);
        fill_text(text, sizeof text, &dice);
        if (roll(&dice, 2)) spoil(text + FIRST + roll(&dice, (uint32_t)n - FIRST), &dice);
        size_t valid = reference_points(text, n);
        if (valid >= FIRST) expect_kept(text, n, valid, reference_is_viable(text, n));
    }
}

/* What came before it can be the end of a code point that began in an earlier read. */
static void test_begins_behind_continuations(void **state)
{
    (void)state;
    uint8_t text[FIRST + KERNEL_BLOCK];
    memset(text, 0xff, sizeof text);
    memset(text, 0x80, FIRST);
    assert_int_equal(set->utf8(text, FIRST, sizeof text), FIRST);
}

/* ---- masking --------------------------------------------------------------------------------- */

/* At every alignment, as a copy and in place; nothing beside it is touched. */
static void test_masks(void **state)
{
    (void)state;
    static const uint8_t key[] = {0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78};
    enum { MOST = 3 * KERNEL_BLOCK, ROOM = MOST + 64 };
    uint8_t from[ROOM], to[ROOM], want[ROOM];
    uint64_t dice = 2, pattern;
    memcpy(&pattern, key, sizeof pattern);
    for (size_t i = 0; i < ROOM; i++) from[i] = (uint8_t)roll(&dice, 256);
    for (size_t n = 0; n <= MOST; n += KERNEL_BLOCK)
        for (size_t shift = 0; shift < 64; shift++) {
            memset(to, 0xee, sizeof to);
            memset(want, 0xee, sizeof want);
            for (size_t i = 0; i < n; i++) want[shift + i] = from[shift + i] ^ key[i % 4];
            set->mask(to + shift, from + shift, n, pattern);
            assert_memory_equal(to, want, sizeof to);
            memcpy(to, from, sizeof to);
            set->mask(to + shift, to + shift, n, pattern);
            assert_memory_equal(to + shift, want + shift, n);
            assert_memory_equal(to + shift + n, from + shift + n, ROOM - shift - n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_two_bytes_everywhere),
        cmocka_unit_test(test_four_bytes_over_a_border),
        cmocka_unit_test(test_texts_at_random),
        cmocka_unit_test(test_begins_behind_continuations),
        cmocka_unit_test(test_masks),
    };
    int failed = 0;
    for (size_t i = 0; (set = kernels_nth(i)); i++)
        failed += cmocka_run_group_tests_name(set->name, tests, NULL, NULL);
    return failed;
}
