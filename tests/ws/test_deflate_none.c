/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_deflate_none.c - a weft without compression declines it, whoever asks (ws/deflate_none.c)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weft/handshake.h>

#include "base/bytes.h"
#include "ws/session_of.h"

static const weft_deflate wish = {.takeover = true, .threshold = 1};

static void an_offer_is_declined(void **state)
{
    (void)state;
    const weft_field fields[] = {
        {bytes_of("Sec-WebSocket-Extensions"), bytes_of("permessage-deflate")}};
    const weft_request_head head = {.fields = fields, .n_fields = 1};
    weft_deflate_params agreed = {.on = true};
    char text[WEFT_DEFLATE_TEXT] = "x";
    assert_int_equal(weft_deflate_choose(&head, &wish, &agreed, text), 0);
    assert_false(agreed.on);
    assert_string_equal(text, "");
}

static void none_is_made(void **state)
{
    (void)state;
    char text[WEFT_DEFLATE_TEXT] = "x";
    assert_int_equal(weft_deflate_offer(&wish, text), 0);
    assert_string_equal(text, "");
}

/* So an answer that takes one is an answer to nothing. */
static void an_answer_is_a_fault(void **state)
{
    (void)state;
    weft_agreement a = {.key = "dGhlIHNhbXBsZSBub25jZQ==", .offered = &wish};
    const weft_field fields[] = {
        {bytes_of("Upgrade"), bytes_of("websocket")},
        {bytes_of("Connection"), bytes_of("Upgrade")},
        {bytes_of("Sec-WebSocket-Accept"), bytes_of("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
        {bytes_of("Sec-WebSocket-Extensions"), bytes_of("permessage-deflate")}};
    assert_int_equal(weft_handshake_verify(fields, 3, &a), 0);
    assert_false(a.deflate.on);
    assert_int_equal(weft_handshake_verify(fields, 4, &a), WEFT_ERR_HANDSHAKE);
    assert_string_equal(a.why, "the 101 uses an extension, and none was offered");
}

static weft_session *told_to_compress(weft_role role)
{
    const weft_session_config config = {.deflate = &wish};
    weft_session *s;
    assert_int_equal(session_of(&s, role, &config), 0);
    weft_session_set_deflate(s, &(weft_deflate_params){.on = true,
                                                       .server_max_window_bits = 15,
                                                       .client_max_window_bits = 15});
    return s;
}

/* What the user agreed on by himself changes nothing: messages go as they are, alone and shared. */
static void nothing_is_compressed(void **state)
{
    (void)state;
    weft_session *s = told_to_compress(WEFT_SERVER);
    weft_message *m;
    struct iovec iov[4];
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "aaaaaaaaaaaaaaaa", 16), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "aaaaaaaaaaaaaaaa", 16), 0);
    assert_int_equal(weft_session_send_message(s, m), 0);
    assert_int_equal(weft_session_buffered(s), 2 * 18);
    assert_true(weft_session_output(s, iov, 4) > 0);
    assert_int_equal(*(uint8_t *)iov[0].iov_base, 0x81);
    weft_message_unref(m);
    weft_session_free(s);
}

static void a_compressed_message_is_a_violation(void **state)
{
    (void)state;
    uint8_t wire[] = {0xc1, 0x81, 0, 0, 0, 0, 'a'};
    weft_session *s = told_to_compress(WEFT_SERVER);
    weft_span in = {wire, sizeof wire};
    weft_event event;
    assert_int_equal(weft_session_read(s, &in, &event), WEFT_ERR_PROTOCOL);
    assert_string_equal(weft_session_cause(s),
                        "a reserved bit is set, and no extension was negotiated");
    weft_session_free(s);
}

/* Settings are taken all the same: whoever fills them in wrongly is told so in every build. */
static void a_size_that_is_wrong_is_told(void **state)
{
    (void)state;
    char text[WEFT_DEFLATE_TEXT];
    assert_int_equal(weft_deflate_offer_sized(&wish, 1, text), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_declined),
        cmocka_unit_test(none_is_made),
        cmocka_unit_test(an_answer_is_a_fault),
        cmocka_unit_test(nothing_is_compressed),
        cmocka_unit_test(a_compressed_message_is_a_violation),
        cmocka_unit_test(a_size_that_is_wrong_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
