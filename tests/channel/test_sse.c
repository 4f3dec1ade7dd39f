/* SPDX-License-Identifier: MIT
 *
 * A channel as Server-Sent Events.
 */
#include "channel/sse.h"

#include "channel/entries.h"
#include "hub/faulty_env.h"

static void assert_event(weft_opcode op, weft_bytes payload, const char *key, uint64_t skipped,
                         const char *event)
{
    struct text t;
    weft_entry e = entry_of(op, payload, key);
    text_init(&t, NULL);
    sse_message(&t, LITERAL("/chat"), EPOCH, &e, skipped);
    assert_bytes(text_bytes(&t), event);
    text_deinit(&t);
    entry_done(&e);
}

static void it_begins_with_a_position(void **state)
{
    (void)state;
    const weft_position at = position_at(41);
    struct text t;
    text_init(&t, NULL);
    sse_begin(&t, 3210, &at);
    assert_bytes(text_bytes(&t), "retry: 3210\nevent: begin\nid: k3f9a2c1.41\n"
                                 "data: {\"position\":\"k3f9a2c1.41\"}\n\n");
    text_deinit(&t);
}

static void a_text_is_its_lines(void **state)
{
    (void)state;
    assert_event(WEFT_TEXT, LITERAL("hi"), "", 0, "id: k3f9a2c1.42\ndata: hi\n\n");
    assert_event(WEFT_TEXT, LITERAL("a\nb"), "", 0, "id: k3f9a2c1.42\ndata: a\ndata: b\n\n");
    assert_event(WEFT_TEXT, LITERAL("a\n"), "", 0, "id: k3f9a2c1.42\ndata: a\ndata: \n\n");
    assert_event(WEFT_TEXT, LITERAL("\n"), "", 0, "id: k3f9a2c1.42\ndata: \ndata: \n\n");
    assert_event(WEFT_TEXT, LITERAL(" x: y"), "", 0, "id: k3f9a2c1.42\ndata:  x: y\n\n");
    assert_event(WEFT_TEXT, LITERAL(""), "", 0,
                 "id: k3f9a2c1.42\ndata: \n\n"); /* not an event without data */
    assert_event(WEFT_TEXT, LITERAL("price"), "ACME", 3, "id: k3f9a2c1.42\ndata: price\n\n");
}

/* A browser could not tell its CR from LF. */
static void a_text_with_cr_is_an_envelope(void **state)
{
    (void)state;
    assert_event(
        WEFT_TEXT, LITERAL("a\r\nb"), "", 0,
        "event: envelope\nid: k3f9a2c1.42\ndata: {\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\","
        "\"time\":1795309464468,\"data\":\"a\\r\\nb\"}\n\n");
}

static void so_is_binary(void **state)
{
    (void)state;
    assert_event(
        WEFT_BINARY, LITERAL("\n\n"), "K", 2,
        "event: envelope\nid: k3f9a2c1.42\ndata: {\"channel\":\"/chat\",\"position\":\"k3f9a2c1.42\","
        "\"time\":1795309464468,\"key\":\"K\",\"skipped\":2,\"base64\":\"Cgo=\"}\n\n");
}

static void a_loss_is_an_event(void **state)
{
    (void)state;
    const weft_position at = position_at(49);
    struct text t;
    text_init(&t, NULL);
    sse_lost(&t, 7, &at);
    assert_bytes(text_bytes(&t), "event: lost\nid: k3f9a2c1.49\ndata: {\"lost\":7}\n\n");
    text_deinit(&t);
    sse_lost(&t, WEFT_LOST_UNKNOWN, &at);
    assert_bytes(text_bytes(&t), "event: lost\nid: k3f9a2c1.49\ndata: {\"lost\":null}\n\n");
    text_deinit(&t);
}

static void silence_is_a_comment_and_the_end_says_when_to_come_back(void **state)
{
    (void)state;
    struct text t;
    text_init(&t, NULL);
    sse_heartbeat(&t);
    sse_end(&t, 4000);
    assert_bytes(text_bytes(&t), ":\n\nretry: 4000\n\n");
    text_deinit(&t);
}

static void without_memory_it_has_failed(void **state)
{
    (void)state;
    const weft_position at = position_at(41);
    struct faulty f;
    weft_entry e = entry_of(WEFT_TEXT, LITERAL("a\rb"), "");
    faulty_init(&f);
    for (long nth = 0;; nth++) {
        struct text t;
        faulty_from(&f, nth);
        text_init(&t, &f.env);
        sse_begin(&t, 1000, &at);
        sse_message(&t, LITERAL("/chat"), EPOCH, &e, 0);
        sse_lost(&t, 1, &at);
        bool failed = t.failed;
        text_deinit(&t);
        assert_int_equal(f.live, 0);
        assert_int_equal(failed, f.asked > nth);
        if (!failed) break;
    }
    entry_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_a_position),
        cmocka_unit_test(a_text_is_its_lines),
        cmocka_unit_test(a_text_with_cr_is_an_envelope),
        cmocka_unit_test(so_is_binary),
        cmocka_unit_test(a_loss_is_an_event),
        cmocka_unit_test(silence_is_a_comment_and_the_end_says_when_to_come_back),
        cmocka_unit_test(without_memory_it_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
