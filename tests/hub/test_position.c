/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_position.c - positions as text, at every boundary
 */
#include "hub/epoch.h"

#include <errno.h>
#include <string.h>

#include <weft/topic.h>

#include "hub/unit.h"

static int parse(weft_position *p, const char *text)
{
    memset(p, 'x', sizeof *p);
    return weft_position_parse(p, (weft_bytes){(const uint8_t *)text, strlen(text)});
}

static void test_good_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text, *epoch;
        uint64_t offset;
    } cases[] = {
        {"k3f9a2c1.42", "k3f9a2c1", 42},
        {"k3f9a2c1.0", "k3f9a2c1", 0},
        {"k3f9a2c1.9", "k3f9a2c1", 9},
        {"k3f9a2c1.10", "k3f9a2c1", 10},
        {"00000000.1", "00000000", 1},
        {"azaz0909.1", "azaz0909", 1},
        {"abcdefghi.7", "abcdefghi", 7},
        {"abcdefghijklmnop.7", "abcdefghijklmnop", 7},
        {"abcdefgh.999999999999999", "abcdefgh", 999999999999999},
        {"abcdefgh.9007199254740990", "abcdefgh", WEFT_OFFSET_MAX - 1},
        {"abcdefghijklmnop.9007199254740991", "abcdefghijklmnop", WEFT_OFFSET_MAX},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        weft_position p;
        char text[WEFT_POSITION_TEXT];
        assert_int_equal(parse(&p, cases[i].text), 0);
        assert_string_equal(p.epoch, cases[i].epoch);
        assert_int_equal(p.offset, cases[i].offset);
        assert_int_equal(weft_position_print(&p, text), strlen(cases[i].text)); /* and back */
        assert_string_equal(text, cases[i].text);
    }
}

static void test_bad_ones(void **state)
{
    (void)state;
    static const char *cases[] = {
        "",
        ".",
        "42",
        ".42",
        "k3f9a2c1",
        "k3f9a2c1.",
        "k3f9a2c142",
        "abcdefg.1",           /* 7 letters */
        "abcdefghijklmnopq.1", /* 17 */
        "Abcdefgh.1",
        "abcdefgH.1", /* capitals */
        "abcd-fgh.1",
        "abcd_fgh.1",
        "abcd fgh.1",
        "abcdefg\xc3\xa9.1",
        "abcdef{h.1",
        "abcdef`h.1",
        "abcdef/h.1",
        "abcdef:h.1",
        " abcdefgh.1",
        "abcdefgh .1",
        "abcdefgh. 1",
        "abcdefgh.1 ",
        "abcdefgh.1\n",
        "abcdefgh.+1",
        "abcdefgh.-1",
        "abcdefgh.-0",
        "abcdefgh.00",
        "abcdefgh.01",
        "abcdefgh.0000000000000001", /* leading zeros */
        "abcdefgh.1.",
        "abcdefgh.1.2",
        "abcdefgh..1",
        "abcdefgh,1",
        "abcdefgh.0x1",
        "abcdefgh.1e3",
        "abcdefgh.1a",
        "abcdefgh./",
        "abcdefgh.:",
        "abcdefgh.1/",
        "abcdefgh.1:",
        "abcdefgh.9007199254740992",     /* 2^53 */
        "abcdefgh.9999999999999999",     /* as long as the largest */
        "abcdefgh.10000000000000000",    /* longer */
        "abcdefgh.18446744073709551615", /* 2^64 - 1 */
        "abcdefgh.18446744073709551616", /* 2^64, which would be 0 */
        "abcdefgh.18446744073709551617",
        "abcdefgh.340282366920938463463374607431768211457",
    };
    for (size_t i = 0; i < countof(cases); i++) {
        static const weft_position zero;
        weft_position p;
        if (parse(&p, cases[i]) != -EINVAL) fail_msg("\"%s\" is taken for a position", cases[i]);
        assert_memory_equal(&p, &zero, sizeof p);
    }
}

/* Bytes with a length: what is behind it does not count, and a NUL is no end. */
static void test_bytes(void **state)
{
    (void)state;
    static const uint8_t text[] = "abcdefgh.1234\0005";
    weft_position p;
    assert_int_equal(weft_position_parse(&p, (weft_bytes){text, 11}), 0);
    assert_int_equal(p.offset, 12);
    assert_int_equal(weft_position_parse(&p, (weft_bytes){text, 13}), 0);
    assert_int_equal(p.offset, 1234);
    for (size_t len = 0; len <= 9; len++)
        assert_int_equal(weft_position_parse(&p, (weft_bytes){text, len}), -EINVAL);
    for (size_t len = 14; len < sizeof text; len++)
        assert_int_equal(weft_position_parse(&p, (weft_bytes){text, len}), -EINVAL);
    assert_int_equal(weft_position_parse(&p, (weft_bytes){NULL, 0}), -EINVAL);
}

/* Whatever is in one fits in the room. */
static void test_print_fits(void **state)
{
    (void)state;
    weft_position p = {.offset = UINT64_MAX};
    char text[WEFT_POSITION_TEXT];
    memset(p.epoch, 'z', sizeof p.epoch); /* without an end */
    assert_int_equal(weft_position_print(&p, text), 16 + 1 + 20);
    assert_string_equal(text, "zzzzzzzzzzzzzzzz.18446744073709551615");
    p = (weft_position){0};
    assert_int_equal(weft_position_print(&p, text), 2);
    assert_string_equal(text, ".0");
}

/* Each random byte makes a letter, and together they are an epoch. */
static void test_epochs(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        uint8_t random[EPOCH_RANDOM];
        weft_position p = {.offset = 1};
        char text[WEFT_POSITION_TEXT];
        weft_position back;
        memset(random, byte, sizeof random);
        epoch_make(p.epoch, random);
        assert_int_equal(strlen(p.epoch), EPOCH_RANDOM);
        (void)weft_position_print(&p, text);
        assert_int_equal(parse(&back, text), 0);
        assert_memory_equal(&back, &p, sizeof p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ones), cmocka_unit_test(test_bad_ones),
        cmocka_unit_test(test_bytes),     cmocka_unit_test(test_print_fits),
        cmocka_unit_test(test_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
