/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_percent.c - percent-encoding, there and back
 */
#include "aux/unit.h"

typedef int decoder(weft_bytes text, char *out, size_t size);

/* want NULL: not in form. Buffers are exactly as long as is needed, and one byte shorter. */
static void decodes(decoder *decode, const char *text, const char *want)
{
    size_t need = want ? strlen(want) + 1 : strlen(text) + 1;
    for (size_t size = need - 1; size <= need + 1; size++) {
        char *out = malloc(size + !size);
        int got = decode(bytes(text), out, size);
        if (!want) assert_int_equal(got, WEFT_ERR_HTTP);
        else assert_int_equal(got, size < need ? -ENOSPC : (int)strlen(want));
        if (size) assert_string_equal(out, got < 0 ? "" : want);
        free(out);
    }
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    decodes(weft_percent_decode, "", "");
    decodes(weft_percent_decode, "plain", "plain");
    decodes(weft_percent_decode, "a%20b%2Fc%2f", "a b/c/");
    decodes(weft_percent_decode, "%41%7e%C3%BC", "A~\xc3\xbc");
    decodes(weft_percent_decode, "%2541", "%41"); /* once */
    decodes(weft_percent_decode, "line%0Aline", "line\nline");
}

static void a_plus_is_a_space_in_forms_only(void **state)
{
    (void)state;
    decodes(weft_percent_decode, "1+1", "1+1");
    decodes(weft_form_decode, "1+1", "1 1");
    decodes(weft_form_decode, "1%2b1", "1+1");
    decodes(weft_form_decode, "+", " ");
}

static void what_is_no_escape_is_an_error(void **state)
{
    static const char *const bad[] = {"%",    "%4",   "a%",  "%4g",  "%g4",
                                      "%%41", "% 41", "%00", "a%00b"};
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        decodes(weft_percent_decode, bad[i], NULL);
        decodes(weft_form_decode, bad[i], NULL);
    }
    char out[8] = "old";
    assert_int_equal(weft_percent_decode((weft_bytes){(const uint8_t *)"a\0b", 3}, out, sizeof out),
                     WEFT_ERR_HTTP);
    assert_string_equal(out, "");
}

static void nothing_is_written_without_a_buffer(void **state)
{
    (void)state;
    assert_int_equal(weft_percent_decode(bytes("x"), NULL, 0), -ENOSPC);
    assert_int_equal(weft_percent_decode(bytes("%"), NULL, 0), WEFT_ERR_HTTP);
    assert_int_equal(weft_percent_encode(bytes("x"), NULL, 0), -ENOSPC);
    assert_int_equal(weft_percent_encode((weft_bytes){0}, NULL, 0), -ENOSPC);
}

static void encodes(const char *text, const char *want)
{
    size_t need = strlen(want) + 1;
    for (size_t size = need - 1; size <= need + 1; size++) {
        char *out = malloc(size + !size);
        int got = weft_percent_encode(bytes(text), out, size);
        assert_int_equal(got, size < need ? -ENOSPC : (int)strlen(want));
        if (size) assert_string_equal(out, got < 0 ? "" : want);
        free(out);
    }
}

static void all_but_unreserved_is_encoded(void **state)
{
    (void)state;
    encodes("", "");
    encodes("AZaz09-._~", "AZaz09-._~");
    encodes("a b+c&d=e;f/g?h#i%j", "a%20b%2Bc%26d%3De%3Bf%2Fg%3Fh%23i%25j");
    encodes("\xc3\xbc\n", "%C3%BC%0A");
}

static void every_byte_comes_back(void **state)
{
    uint8_t all[255];
    char text[3 * sizeof all + 1], back[sizeof all + 1];
    (void)state;
    for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)(i + 1);
    int n = weft_percent_encode((weft_bytes){all, sizeof all}, text, sizeof text);
    assert_true(n > 0);
    for (int form = 0; form < 2; form++) {
        decoder *decode = form ? weft_form_decode : weft_percent_decode;
        assert_int_equal(decode(bytes(text), back, sizeof back), sizeof all);
        assert_memory_equal(back, all, sizeof all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(a_plus_is_a_space_in_forms_only),
        cmocka_unit_test(what_is_no_escape_is_an_error),
        cmocka_unit_test(nothing_is_written_without_a_buffer),
        cmocka_unit_test(all_but_unreserved_is_encoded),
        cmocka_unit_test(every_byte_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
