/* SPDX-License-Identifier: MIT
 *
 * A status and a sentence, which fits.
 */
#include "channel/unit.h"

static void it_has_a_code_and_words(void **state)
{
    (void)state;
    struct refusal why = {.retry_ms = 7};
    assert_int_equal(refusal_write(&why, 413, "at most %d bytes", 5), -1);
    assert_int_equal(why.code, 413);
    assert_string_equal(why.words, "at most 5 bytes");
    assert_int_equal(why.retry_ms, 0);
}

static void no_memory_may_be_tried_again(void **state)
{
    (void)state;
    struct refusal why;
    assert_int_equal(refusal_no_memory(&why), -1);
    assert_int_equal(why.code, 503);
    assert_int_equal(why.retry_ms, 1000);
}

/* Characters of one, two, three and four bytes, with the cut at each of their bytes. */
static void long_words_are_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < countof(characters); i++)
        for (size_t lead = 0; lead < 4; lead++) {
            char text[2 * REFUSAL_WORDS] = "", *end = text;
            for (size_t k = 0; k < lead; k++) *end++ = 'x';
            while (end - text < REFUSAL_WORDS + 4) end += sprintf(end, "%s", characters[i]);
            struct refusal why;
            refusal_write(&why, 400, "%s", text);
            size_t len = strlen(why.words);
            assert_true(weft_utf8_valid(why.words, len));
            assert_true(len < REFUSAL_WORDS && len + 4 >= REFUSAL_WORDS);
            assert_memory_equal(why.words, text, len);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_a_code_and_words),
        cmocka_unit_test(no_memory_may_be_tried_again),
        cmocka_unit_test(long_words_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
