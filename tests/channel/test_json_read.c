/* SPDX-License-Identifier: MIT
 *
 * JSON, read: one object, of which some members are wanted.
 */
#include "channel/json_read.h"

#include <errno.h>

#include "channel/unit.h"
#include "hub/faulty_env.h"

enum { A, B, WANTED };

static const char *const names[] = {"a", "b", NULL};

/* On the heap, exactly as long, so that whoever reads past it is caught. */
static enum json_result read(const char *text, struct json_value values[WANTED])
{
    size_t len = strlen(text);
    static char *exact;
    free(exact);
    exact = malloc(len + !len);
    memcpy(exact, text, len);
    enum json_result result = json_read((weft_bytes){(uint8_t *)exact, len}, names, values);
    if (result == JSON_BROKEN) free(exact), exact = NULL;
    return result;
}

static void assert_read(const char *text, enum json_result result)
{
    struct json_value values[WANTED];
    enum json_result got = read(text, values);
    if (got != result) fail_msg("%s: %d, not %d", text, got, result);
}

static void assert_member(const char *text, enum json_kind kind, const char *raw)
{
    struct json_value values[WANTED];
    if (read(text, values) != JSON_GOOD) fail_msg("%s: not good", text);
    assert_int_equal(values[A].kind, kind);
    assert_bytes(values[A].raw, raw);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void each_kind_of_value_is_known(void **state)
{
    (void)state;
    assert_member("{\"a\":\"x\"}", JSON_STRING, "\"x\"");
    assert_member("{\"a\":\"\"}", JSON_STRING, "\"\"");
    assert_member("{\"a\":0}", JSON_INTEGER, "0");
    assert_member("{\"a\":-12}", JSON_INTEGER, "-12");
    assert_member("{\"a\":123456789012345678901234567890}", JSON_INTEGER,
                  "123456789012345678901234567890");
    assert_member("{\"a\":1.5}", JSON_NUMBER, "1.5");
    assert_member("{\"a\":1e3}", JSON_NUMBER, "1e3");
    assert_member("{\"a\":-0.1E-7}", JSON_NUMBER, "-0.1E-7");
    assert_member("{\"a\":true}", JSON_BOOLEAN, "true");
    assert_member("{\"a\":false}", JSON_BOOLEAN, "false");
    assert_member("{\"a\":{\"b\":[1,{}]}}", JSON_OBJECT, "{\"b\":[1,{}]}");
    assert_member("{\"a\":[ ]}", JSON_ARRAY, "[ ]");
}

static void null_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    struct json_value values[WANTED];
    assert_int_equal(read("{\"a\":null}", values), JSON_GOOD);
    assert_int_equal(values[A].kind, JSON_ABSENT);
    assert_true(values[A].is_there);
    assert_int_equal(values[B].kind, JSON_ABSENT);
    assert_false(values[B].is_there);
}

static void space_may_be_anywhere_between(void **state)
{
    (void)state;
    assert_member(" \t\r\n{ \"a\" \n:\t1\r} ", JSON_INTEGER, "1");
    assert_member("{ }", JSON_ABSENT, "");
    assert_read("{\"a\":\v1}", JSON_BROKEN);
    assert_read("{\"a\":\xc2\xa0"
                "1}",
                JSON_BROKEN);
}

static void order_does_not_matter_and_others_are_passed_over(void **state)
{
    (void)state;
    struct json_value values[WANTED];
    assert_int_equal(read("{\"b\":2,\"x\":[{\"a\":9,\"b\":{}}],\"a\":1,\"aa\":3,\"\":4}", values),
                     JSON_GOOD);
    assert_bytes(values[A].raw, "1");
    assert_bytes(values[B].raw, "2");
}

static void a_name_may_be_escaped(void **state)
{
    (void)state;
    assert_member("{\"\\u0061\":1}", JSON_INTEGER, "1");
    assert_member("{\"\\u0061\\u0000\":1}", JSON_ABSENT, "");
}

static void a_name_that_is_wanted_is_there_once(void **state)
{
    (void)state;
    struct json_value values[WANTED];
    assert_int_equal(read("{\"a\":1,\"a\":2,\"b\":3}", values), JSON_TWICE);
    assert_bytes(values[A].raw, "1");
    assert_bytes(values[B].raw, "3");
    assert_read("{\"a\":null,\"\\u0061\":2}", JSON_TWICE);
    assert_read("{\"x\":1,\"x\":2}", JSON_GOOD);
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void what_is_not_json_is_broken(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        " ",
        "hi",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{\"a\":{1:2}}",
        "{\"a\":\"}",
        "{\"a\":\"\\\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"tab\there\"}",
        "{\"a\":\"line\nend\"}",
        "[1",
        "\"a",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":\"\\",
        "{\"a\":\"\\u",
        "// {}",
        "\xef\xbb\xbf{}",
        "{\"a\":\"\xff\"}",
    };
    for (size_t i = 0; i < countof(broken); i++) assert_read(broken[i], JSON_BROKEN);
}

static void what_is_json_and_no_object_is_told_apart(void **state)
{
    (void)state;
    assert_read("42", JSON_NO_OBJECT);
    assert_read(" \"hi\" ", JSON_NO_OBJECT);
    assert_read("[{\"a\":1}]", JSON_NO_OBJECT);
    assert_read("null", JSON_NO_OBJECT);
    assert_read("true", JSON_NO_OBJECT);
}

/* n objects and arrays in each other, the outermost an object. */
static char *nested(size_t n, bool objects)
{
    char *text = malloc(16 + 8 * n), *end = text + sprintf(text, "{\"a\":");
    for (size_t i = 1; i < n; i++) end += sprintf(end, objects ? "{\"x\":" : "[");
    end += sprintf(end, "0");
    for (size_t i = 0; i < n; i++) end += sprintf(end, objects || i == n - 1 ? "}" : "]");
    return text;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (int objects = 0; objects < 2; objects++) {
        char *deepest = nested(JSON_DEPTH_MAX, objects),
             *deeper = nested(JSON_DEPTH_MAX + 1, objects), *absurd = nested(100000, objects);
        assert_read(deepest, JSON_GOOD);
        assert_read(deeper, JSON_TOO_DEEP);
        assert_read(absurd, JSON_TOO_DEEP);
        free(deepest);
        free(deeper);
        free(absurd);
    }
}

static void half_of_a_pair_is_found_wherever_it_is(void **state)
{
    (void)state;
    struct json_value values[WANTED];
    assert_read("{\"a\":\"\\ud83d\"}", JSON_LONE);
    assert_read("{\"a\":\"\\ude00\"}", JSON_LONE);
    assert_read("{\"a\":\"\\ude00\\ud83d\"}", JSON_LONE);
    assert_read("{\"a\":\"\\ud83dx\\ude00\"}", JSON_LONE);
    assert_read("{\"a\":\"\\ud83d\\ud83d\\ude00\"}", JSON_LONE);
    assert_read("{\"x\":[\"\\ud83d\\n\"]}", JSON_LONE);
    assert_read("{\"\\ud83d\":1}", JSON_LONE);
    assert_read("{\"a\":\"\\ud83d\\ude00\"}", JSON_GOOD);
    assert_int_equal(read("{\"x\":\"\\ud83d\",\"b\":7}", values),
                     JSON_LONE); /* what follows is read */
    assert_bytes(values[B].raw, "7");
}

static void all_that_is_wrong_is_said_in_words(void **state)
{
    (void)state;
    struct refusal why;
    assert_int_equal(json_refuse(JSON_GOOD, "a line", "{}", &why), 0);
    assert_int_equal(json_refuse(JSON_BROKEN, "a line", "{\"x\":1}", &why), -1);
    assert_refused(why, 400, "this is not JSON; say for example {\"x\":1}");
    json_refuse(JSON_NO_OBJECT, "a line", "{}", &why);
    assert_refused(why, 400, "a line is an object");
    json_refuse(JSON_TOO_DEEP, "a line", "{}", &why);
    assert_refused(why, 400, "more than 16");
    json_refuse(JSON_TWICE, "a line", "{}", &why);
    assert_refused(why, 400, "twice");
    json_refuse(JSON_LONE, "a line", "{}", &why);
    assert_refused(why, 400, "lone surrogate");
}

/* ---- strings --------------------------------------------------------------------------------- */

static void assert_text(const char *json, weft_bytes text)
{
    struct scratch s;
    weft_bytes got;
    struct json_value v = {.kind = JSON_STRING, .raw = bytes_of_text(json)};
    scratch_init(&s, NULL, v.raw.len);
    assert_true(json_text(&v, &s, &got));
    assert_int_equal(got.len, text.len);
    if (text.len) assert_memory_equal(got.data, text.data, text.len);
    scratch_deinit(&s);
}

static void strings_are_decoded(void **state)
{
    (void)state;
    assert_text("\"\"", LITERAL(""));
    assert_text("\"hi\"", LITERAL("hi"));
    assert_text("\"a\\\"b\\\\c\\/d\"", LITERAL("a\"b\\c/d"));
    assert_text("\"\\b\\f\\n\\r\\t\"", LITERAL("\b\f\n\r\t"));
    assert_text("\"\\u0000x\"", LITERAL("\0x"));
    assert_text("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00!\"",
                LITERAL("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!"));
    assert_text(
        "\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff\"",
        LITERAL("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    assert_text("\"\xc3\xa9\\n\xc3\xa9\"", LITERAL("\xc3\xa9\n\xc3\xa9"));
    assert_text("\"\xe2\x82\xac\\n\xe2\x80\xa8\"", LITERAL("\xe2\x82\xac\n\xe2\x80\xa8"));
}

static void a_string_without_escapes_needs_no_memory(void **state)
{
    (void)state;
    struct faulty f;
    struct scratch s;
    weft_bytes got;
    struct json_value plain = {.kind = JSON_STRING, .raw = LITERAL("\"plain\"")},
                      escaped = {.kind = JSON_STRING, .raw = LITERAL("\"a\\n\"")};
    faulty_init(&f);
    faulty_from(&f, 0);
    scratch_init(&s, &f.env, 64);
    assert_true(json_text(&plain, &s, &got));
    assert_ptr_equal(got.data, plain.raw.data + 1);
    assert_int_equal(f.asked, 0);
    assert_false(json_text(&escaped, &s, &got));
    assert_int_equal(f.asked, 1);
    scratch_deinit(&s);
}

/* ---- base64 ---------------------------------------------------------------------------------- */

static int decode(const char *json, struct scratch *s, weft_bytes *out)
{
    struct json_value v = {.kind = JSON_STRING, .raw = bytes_of_text(json)};
    scratch_init(s, NULL, v.raw.len);
    return json_base64(&v, s, out);
}

static void assert_base64(const char *json, weft_bytes bytes)
{
    struct scratch s;
    weft_bytes got;
    assert_int_equal(decode(json, &s, &got), 0);
    assert_int_equal(got.len, bytes.len);
    if (bytes.len) assert_memory_equal(got.data, bytes.data, bytes.len);
    scratch_deinit(&s);
}

static void base64_is_bytes(void **state)
{
    (void)state;
    assert_base64("\"\"", LITERAL(""));
    assert_base64("\"Zg==\"", LITERAL("f"));
    assert_base64("\"Zm8=\"", LITERAL("fo"));
    assert_base64("\"Zm9v\"", LITERAL("foo"));
    assert_base64("\"Zm9vYmFy\"", LITERAL("foobar"));
    assert_base64("\"AP/78A==\"", LITERAL("\x00\xff\xfb\xf0"));
    assert_base64("\"AP\\/78A==\"", LITERAL("\x00\xff\xfb\xf0")); /* as PHP writes a slash */
}

static void what_is_not_quite_base64_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\"Zg\"",        "\"Zg=\"",   "\"Zg===\"",    "\"Z===\"",    "\"====\"", "\"Zh==\"",
        "\"Zm9=\"",      "\"Zm 8=\"", "\"Zm8=Zm8=\"", "\"Zg==\\n\"", "\"Zm9-\"", "\"Zm9_\"",
        "\"\\u00e9AA\"", "\"Zm9v=\"", "\"=Zm9v==\"",  "\"Z=g=\"",
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        struct scratch s;
        weft_bytes got;
        if (decode(wrong[i], &s, &got) != -EINVAL) fail_msg("%s is taken", wrong[i]);
        scratch_deinit(&s);
    }
}

static void base64_may_find_no_memory(void **state)
{
    (void)state;
    struct json_value v = {.kind = JSON_STRING, .raw = LITERAL("\"Zm9v\"")};
    struct faulty f;
    struct scratch s;
    weft_bytes got;
    faulty_init(&f);
    faulty_from(&f, 0);
    scratch_init(&s, &f.env, 64);
    assert_int_equal(json_base64(&v, &s, &got), -ENOMEM);
    scratch_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_value_is_known),
        cmocka_unit_test(null_is_as_if_it_were_not_there),
        cmocka_unit_test(space_may_be_anywhere_between),
        cmocka_unit_test(order_does_not_matter_and_others_are_passed_over),
        cmocka_unit_test(a_name_may_be_escaped),
        cmocka_unit_test(a_name_that_is_wanted_is_there_once),
        cmocka_unit_test(what_is_not_json_is_broken),
        cmocka_unit_test(what_is_json_and_no_object_is_told_apart),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(half_of_a_pair_is_found_wherever_it_is),
        cmocka_unit_test(all_that_is_wrong_is_said_in_words),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(a_string_without_escapes_needs_no_memory),
        cmocka_unit_test(base64_is_bytes),
        cmocka_unit_test(what_is_not_quite_base64_is_none),
        cmocka_unit_test(base64_may_find_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
