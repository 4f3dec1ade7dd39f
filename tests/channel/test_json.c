/* SPDX-License-Identifier: MIT
 *
 * JSON, written.
 */
#include "channel/json.h"

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

static void assert_base64(weft_bytes bytes, const char *json)
{
    struct text t;
    text_init(&t, NULL);
    json_add_base64(&t, bytes);
    assert_bytes(text_bytes(&t), json);
    text_deinit(&t);
}

/* RFC 4648, 10 */
static void bytes_are_base64(void **state)
{
    (void)state;
    assert_base64(LITERAL(""), "\"\"");
    assert_base64(LITERAL("f"), "\"Zg==\"");
    assert_base64(LITERAL("fo"), "\"Zm8=\"");
    assert_base64(LITERAL("foo"), "\"Zm9v\"");
    assert_base64(LITERAL("foob"), "\"Zm9vYg==\"");
    assert_base64(LITERAL("fooba"), "\"Zm9vYmE=\"");
    assert_base64(LITERAL("foobar"), "\"Zm9vYmFy\"");
    assert_base64(LITERAL("\x00\xff\xfb\xf0"), "\"AP/78A==\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_as_it_is),
        cmocka_unit_test(what_has_to_be_is_escaped),
        cmocka_unit_test(javascripts_line_ends_are_escaped),
        cmocka_unit_test(bytes_are_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
