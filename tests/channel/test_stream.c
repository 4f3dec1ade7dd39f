/* SPDX-License-Identifier: MIT
 *
 * A channel as the body of an answer that goes on.
 */
#include "channel/stream.h"

#include "channel/entries.h"

static void everything_is_a_line(void **state)
{
    (void)state;
    const weft_position at = position_at(49);
    const struct subscribed s = {
        .channel = LITERAL("/chat"),
        .seek = {.at = position_at(41), .head = position_at(50), .lost = WEFT_LOST_UNKNOWN},
    };
    struct text t;
    weft_entry e = entry_of(WEFT_TEXT, LITERAL("a\nb"), "");
    text_init(&t, NULL);
    stream_begin(&t, &s);
    stream_message(&t, s.channel, EPOCH, &e, 0);
    stream_lost(&t, s.channel, 7, &at);
    stream_heartbeat(&t);
    stream_end(&t, 4000);
    assert_bytes(text_bytes(&t),
                 "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.41\",\"head\":\"k3f9a2c1.50\","
                 "\"policy\":\"queue\",\"lost\":null}\n"
                 "{\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\",\"time\":1795309464468,"
                 "\"data\":\"a\\nb\"}\n"
                 "{\"channel\":\"/chat\",\"lost\":7,\"position\":\"k3f9a2c1.49\"}\n"
                 "\n"
                 "{\"close\":{\"retry\":4000}}\n");
    text_deinit(&t);
    entry_done(&e);
}

static void assert_raw(weft_opcode op, weft_bytes payload, const char *bytes)
{
    struct text t;
    weft_entry e = entry_of(op, payload, "");
    text_init(&t, NULL);
    stream_raw_message(&t, &e);
    assert_bytes(text_bytes(&t), bytes);
    text_deinit(&t);
    entry_done(&e);
}

static void pipes_have_messages_alone(void **state)
{
    (void)state;
    assert_raw(WEFT_TEXT, LITERAL("hi"), "hi\n");
    assert_raw(WEFT_TEXT, LITERAL(""), "\n");
    assert_raw(WEFT_TEXT, LITERAL("a\nb\n"), "a\nb\n\n");
    assert_raw(WEFT_BINARY, LITERAL("hi"), "hi");
    assert_raw(WEFT_BINARY, LITERAL(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_a_line),
        cmocka_unit_test(pipes_have_messages_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
