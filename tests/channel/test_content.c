/* SPDX-License-Identifier: MIT
 *
 * What the body of a POST is.
 */
#include "channel/content.h"

#include "channel/unit.h"

static void assert_content(const char *type, weft_bytes body, enum content wanted)
{
    struct refusal why;
    enum content got;
    assert_int_equal(content_of(&got, bytes_of_text(type), body, &why), 0);
    if (got != wanted) fail_msg("%s: %d, not %d", type, got, wanted);
}

static void what_is_utf8_is_text_whatever_curl_calls_it(void **state)
{
    (void)state;
    assert_content("application/x-www-form-urlencoded", LITERAL("hi"), CONTENT_TEXT);
    assert_content("text/plain; charset=utf-8", LITERAL("hi"), CONTENT_TEXT);
    assert_content("application/json", LITERAL("{}"), CONTENT_TEXT);
    assert_content("image/png", LITERAL("hi"), CONTENT_TEXT);
    assert_content("", LITERAL("caf\xc3\xa9"), CONTENT_TEXT);
    assert_content("", LITERAL(""), CONTENT_TEXT); /* an empty body is a message */
    assert_content("", LITERAL("a\0b"), CONTENT_TEXT);
}

static void what_is_not_is_binary(void **state)
{
    (void)state;
    assert_content("text/plain", LITERAL("caf\xe9"), CONTENT_BINARY);
    assert_content("", LITERAL("\xff"), CONTENT_BINARY);
}

static void what_says_that_it_is_binary_is(void **state)
{
    (void)state;
    assert_content("application/octet-stream", LITERAL("hi"), CONTENT_BINARY);
    assert_content("Application/Octet-Stream ; x=y", LITERAL(""), CONTENT_BINARY);
}

static void lines_of_json_are_a_batch(void **state)
{
    (void)state;
    assert_content("application/x-ndjson", LITERAL("{}"), CONTENT_BATCH);
    assert_content("APPLICATION/X-NDJSON;charset=utf-8", LITERAL("\xff"), CONTENT_BATCH);
    assert_content("application/x-ndjson", LITERAL(""), CONTENT_BATCH);
    assert_content("application/x-ndjson+x", LITERAL("{}"), CONTENT_TEXT);
}

static void forms_with_parts_are_refused(void **state)
{
    (void)state;
    struct refusal why;
    enum content got;
    assert_int_equal(
        content_of(&got, LITERAL("multipart/form-data; boundary=x"), LITERAL("hi"), &why), -1);
    assert_refused(why, 415, "-d or --data-binary in place of -F");
    assert_int_equal(content_of(&got, LITERAL("Multipart/Mixed"), LITERAL("hi"), &why), -1);
    assert_content("multipart", LITERAL("hi"), CONTENT_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_utf8_is_text_whatever_curl_calls_it),
        cmocka_unit_test(what_is_not_is_binary),
        cmocka_unit_test(what_says_that_it_is_binary_is),
        cmocka_unit_test(lines_of_json_are_a_batch),
        cmocka_unit_test(forms_with_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
