/* SPDX-License-Identifier: MIT
 *
 * What somebody wants published.
 */
#include "channel/publication.h"

#include "channel/unit.h"
#include "hub/faulty_env.h"

enum { LONGEST = 16 };

static const char *const names[] = {PUBLICATION_NAMES, NULL};

/* Texts stay until the next one. */
static int read(const weft_env *env, const char *text, struct publication *p, struct refusal *why)
{
    static struct scratch s;
    struct json_value values[PUBLICATION_MEMBERS];
    scratch_deinit(&s);
    scratch_init(&s, env, strlen(text));
    assert_int_equal(json_read(bytes_of_text(text), names, values), JSON_GOOD);
    int r = publication_read(p, values, LONGEST, &s, why);
    if (env) scratch_deinit(&s);
    return r;
}

static struct publication taken(const char *text)
{
    struct refusal why;
    struct publication p;
    if (read(NULL, text, &p, &why) < 0) fail_msg("%s: %s", text, why.words);
    return p;
}

static void refuses(const char *text, int code, const char *words)
{
    struct refusal why;
    struct publication p;
    if (read(NULL, text, &p, &why) == 0) fail_msg("%s is taken", text);
    assert_refused(why, code, words);
}

static void data_is_text(void **state)
{
    (void)state;
    struct publication p = taken("{\"data\":\"h\\u0069\"}");
    assert_int_equal(p.op, WEFT_TEXT);
    assert_bytes(p.payload, "hi");
    assert_bytes(taken("{\"data\":\"\"}").payload, "");
    assert_int_equal(p.key.len, 0);
    assert_int_equal(p.once.len, 0);
}

static void base64_is_binary(void **state)
{
    (void)state;
    struct publication p = taken("{\"base64\":\"aGk=\"}");
    assert_int_equal(p.op, WEFT_BINARY);
    assert_bytes(p.payload, "hi");
    assert_int_equal(taken("{\"base64\":\"\"}").op, WEFT_BINARY);
    refuses("{\"base64\":\"aGk\"}", 400, "with padding");
    refuses("{\"base64\":7}", 400, "a string of base64");
    refuses("{\"base64\":null}", 400, "a string of base64");
}

static void a_value_is_to_be_made_a_string(void **state)
{
    (void)state;
    static const char *const values[] = {"{\"data\":{\"x\":1}}", "{\"data\":[1]}",
                                         "{\"data\":1}",         "{\"data\":1.5}",
                                         "{\"data\":true}",      "{\"data\":null}"};
    for (size_t i = 0; i < countof(values); i++) refuses(values[i], 400, "JSON.stringify");
}

static void it_is_one_of_the_two(void **state)
{
    (void)state;
    refuses("{}", 400, "the message is missing");
    refuses("{\"key\":\"ACME\"}", 400, "the message is missing");
    refuses("{\"data\":\"hi\",\"base64\":\"aGk=\"}", 400, "and not both");
    refuses("{\"data\":null,\"base64\":\"aGk=\"}", 400, "and not both");
}

static void a_payload_has_a_maximum_as_it_is_decoded(void **state)
{
    (void)state;
    assert_int_equal(taken("{\"data\":\"0123456789abcdef\"}").payload.len, 16);
    assert_int_equal(taken("{\"data\":\"\\u0030123456789abcde\\u0066\"}").payload.len, 16);
    assert_int_equal(taken("{\"base64\":\"MDEyMzQ1Njc4OWFiY2RlZg==\"}").payload.len, 16);
    refuses("{\"data\":\"0123456789abcdefg\"}", 413, "at most 16 bytes here, and this one has 17");
    refuses("{\"base64\":\"MDEyMzQ1Njc4OWFiY2RlZmc=\"}", 413, "this one has 17");
}

static void key_and_once_have_1_to_64_bytes(void **state)
{
    (void)state;
    char text[200];
    struct publication p = taken("{\"data\":\"\",\"key\":\"ACME\",\"once\":\"K\\n1\"}");
    assert_bytes(p.key, "ACME");
    assert_bytes(p.once, "K\n1");
    snprintf(text, sizeof text, "{\"data\":\"\",\"key\":\"%064d\",\"once\":\"%064d\"}", 1, 2);
    p = taken(text);
    assert_int_equal(p.key.len, 64);
    assert_int_equal(p.once.len, 64);
    snprintf(text, sizeof text, "{\"data\":\"\",\"key\":\"%065d\"}", 1);
    refuses(text, 400, "a key has 1 to 64 bytes, and this one has 65");
    snprintf(text, sizeof text, "{\"data\":\"\",\"once\":\"%065d\"}", 1);
    refuses(text, 400, "an idempotency key has 1 to 64 bytes, and this one has 65");
    refuses("{\"data\":\"\",\"key\":\"\"}", 400, "\"key\" is empty: leave it out");
    refuses("{\"data\":\"\",\"once\":\"\"}", 400, "\"once\" is empty");
    refuses("{\"data\":\"\",\"key\":7}", 400, "\"key\" is a string");
    refuses("{\"data\":\"\",\"once\":{}}", 400, "\"once\" is a string");
    assert_int_equal(taken("{\"data\":\"\",\"key\":null,\"once\":null}").key.len, 0);
}

/* Weft-Key and Idempotency-Key. */
static void header_fields_are_held_to_the_same(void **state)
{
    (void)state;
    struct refusal why;
    char text[66];
    memset(text, 'x', sizeof text);
    assert_int_equal(publication_check_key((weft_bytes){0}, &why), 0);
    assert_int_equal(publication_check_key(LITERAL("caf\xc3\xa9"), &why), 0);
    assert_int_equal(publication_check_key((weft_bytes){(uint8_t *)text, 64}, &why), 0);
    assert_int_equal(publication_check_key((weft_bytes){(uint8_t *)text, 65}, &why), -1);
    assert_refused(why, 400, "a key has 1 to 64 bytes");
    assert_int_equal(publication_check_key(LITERAL("caf\xe9"), &why), -1);
    assert_refused(why, 400, "a key is UTF-8");
    assert_int_equal(publication_check_once(LITERAL("\"8e03978e\""), &why), 0);
    assert_int_equal(publication_check_once((weft_bytes){(uint8_t *)text, 65}, &why), -1);
    assert_refused(why, 400, "an idempotency key has");
}

static void without_memory_it_may_be_tried_again(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"data\":\"\\n\"}", "{\"base64\":\"aGk=\"}",
                                        "{\"data\":\"\",\"key\":\"\\n\"}"};
    struct faulty f;
    faulty_init(&f);
    for (size_t i = 0; i < countof(texts); i++) {
        struct refusal why;
        struct publication p;
        faulty_from(&f, 0);
        assert_int_equal(read(&f.env, texts[i], &p, &why), -1);
        assert_refused(why, 503, "no memory");
        assert_int_equal(f.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_text),
        cmocka_unit_test(base64_is_binary),
        cmocka_unit_test(a_value_is_to_be_made_a_string),
        cmocka_unit_test(it_is_one_of_the_two),
        cmocka_unit_test(a_payload_has_a_maximum_as_it_is_decoded),
        cmocka_unit_test(key_and_once_have_1_to_64_bytes),
        cmocka_unit_test(header_fields_are_held_to_the_same),
        cmocka_unit_test(without_memory_it_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
