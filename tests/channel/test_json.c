/* SPDX-License-Identifier: MIT
 *
 * JSON, written.
 */
#include "channel/json.h"

#include "channel/json_plain.h"
#include "channel/unit.h"

static void assert_string(weft_bytes text, const char *json)
{
    struct text t;
    text_init(&t, NULL);
    json_add_string(&t, text);
    assert_bytes(text_bytes(&t), json);
    text_deinit(&t);
}

static void text_stays_as_it_is(void **state)
{
    (void)state;
    assert_string(LITERAL(""), "\"\"");
    assert_string(LITERAL("hi there"), "\"hi there\"");
    assert_string(LITERAL("/</script>'&\x7f"), "\"/</script>'&\x7f\"");
    assert_string(LITERAL("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
                  "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

static void what_has_to_be_is_escaped(void **state)
{
    (void)state;
    assert_string(LITERAL("say \"hi\""), "\"say \\\"hi\\\"\"");
    assert_string(LITERAL("a\\b"), "\"a\\\\b\"");
    assert_string(LITERAL("\r\n\t"), "\"\\r\\n\\t\"");
    assert_string(LITERAL("\0\x01\x1f\b\f"), "\"\\u0000\\u0001\\u001f\\u0008\\u000c\"");
}

/* U+2028 and U+2029, and their neighbours, which begin with the same bytes. */
static void javascripts_line_ends_are_escaped(void **state)
{
    (void)state;
    assert_string(LITERAL("a\xe2\x80\xa8z\xe2\x80\xa9"), "\"a\\u2028z\\u2029\"");
    assert_string(LITERAL("\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8"),
                  "\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\"");
}

static void bytes_are_base64(void **state)
{
    (void)state;
    struct text t;
    text_init(&t, NULL);
    json_add_base64(&t, LITERAL("\x00\xff\xfb\xf0"));
    json_add_base64(&t, LITERAL(""));
    assert_bytes(text_bytes(&t), "\"AP/78A==\"\"\"");
    text_deinit(&t);
}

/* Words are as exact as bytes: each byte, wherever it stands, behind and in front of whatever. */
static void words_miss_nothing(void **state)
{
    (void)state;
    static const uint8_t others[] = {0x20, 0x21, 0x7f, 0x80, 0xa0, 0xe1, 0xe3, 0xff};
    for (size_t i = 0; i < countof(others); i++)
        for (unsigned c = 0; c < 256; c++)
            for (size_t at = 0; at < 24; at++) {
                uint8_t text[24];
                memset(text, others[i], sizeof text);
                text[at] = (uint8_t)c;
                size_t run = json_is_plain((uint8_t)c) ? sizeof text : at;
                assert_int_equal(json_plain_run(text, sizeof text), run);
                assert_int_equal(json_plain_run(text, at), at);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_as_it_is),
        cmocka_unit_test(what_has_to_be_is_escaped),
        cmocka_unit_test(javascripts_line_ends_are_escaped),
        cmocka_unit_test(bytes_are_base64),
        cmocka_unit_test(words_miss_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
