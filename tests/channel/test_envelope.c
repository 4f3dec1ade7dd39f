/* SPDX-License-Identifier: MIT
 *
 * What is said of a channel.
 */
#include "channel/envelope.h"

#include "channel/entries.h"

static void assert_envelope(weft_opcode op, weft_bytes payload, const char *key, uint64_t skipped,
                            const char *json)
{
    struct text t;
    weft_entry e = entry_of(op, payload, key);
    text_init(&t, NULL);
    envelope_message(&t, LITERAL("/chat"), EPOCH, &e, skipped);
    assert_bytes(text_bytes(&t), json);
    text_deinit(&t);
    entry_done(&e);
}

static void a_text_is_data(void **state)
{
    (void)state;
    assert_envelope(
        WEFT_TEXT, LITERAL("hi"), "", 0,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,\"data\":\"hi\"}");
    assert_envelope(
        WEFT_TEXT, LITERAL(""), "", 0,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,\"data\":\"\"}");
    assert_envelope(WEFT_TEXT, LITERAL("a\n\"b\"\0"), "", 0,
                    "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,"
                    "\"data\":\"a\\n\\\"b\\\"\\u0000\"}");
}

static void anything_else_is_base64(void **state)
{
    (void)state;
    assert_envelope(
        WEFT_BINARY, LITERAL("\0\1"), "", 0,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,\"base64\":\"AAE=\"}");
    assert_envelope(
        WEFT_BINARY, LITERAL(""), "", 0,
        "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,\"base64\":\"\"}");
}

static void key_and_skipped_are_there_where_there_are_such(void **state)
{
    (void)state;
    assert_envelope(WEFT_TEXT, LITERAL("100"), "AC\"ME", 3,
                    "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,"
                    "\"key\":\"AC\\\"ME\",\"skipped\":3,\"data\":\"100\"}");
}

static void a_loss_is_counted_or_unknown(void **state)
{
    (void)state;
    const weft_position at = position_at(49);
    struct text t;
    text_init(&t, NULL);
    envelope_lost(&t, LITERAL("/chat"), 7, &at);
    assert_bytes(text_bytes(&t), "{\"channel\":\"/chat\",\"lost\":7,\"position\":\"k3f9a2c1.49\"}");
    text_deinit(&t);
    envelope_lost(&t, LITERAL("/caf\xc3\xa9 \"x\""), WEFT_LOST_UNKNOWN, &at);
    assert_bytes(
        text_bytes(&t),
        "{\"channel\":\"/caf\xc3\xa9 \\\"x\\\"\",\"lost\":null,\"position\":\"k3f9a2c1.49\"}");
    text_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_data),
        cmocka_unit_test(anything_else_is_base64),
        cmocka_unit_test(key_and_skipped_are_there_where_there_are_such),
        cmocka_unit_test(a_loss_is_counted_or_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
