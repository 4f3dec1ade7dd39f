/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_extremes.c - lengths that no memory holds, and what is not there
 *
 * Such a length must not overflow into a small one: it is refused before a byte is looked at.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weft/session.h>

static void a_message_longer_than_memory_is_refused(void **state)
{
    (void)state;
    weft_message *m = NULL;
    for (size_t less = 0; less < 16; less++)
        assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "x", SIZE_MAX - less), -ENOMEM);
    assert_null(m);
}

static void a_send_longer_than_memory_is_refused(void **state)
{
    (void)state;
    for (weft_role role = WEFT_SERVER; role <= WEFT_CLIENT; role++) {
        weft_session *s;
        assert_int_equal(weft_session_new(&s, role, NULL), 0);
        for (size_t less = 0; less < 16; less++) {
            size_t len = SIZE_MAX - less;
            assert_int_equal(weft_session_send(s, WEFT_BINARY, "x", len), -ENOMEM);
        }
        assert_int_equal(weft_session_buffered(s), 0);
        assert_int_equal(weft_session_send(s, WEFT_PING, "x", SIZE_MAX), -EINVAL);
        assert_int_equal(weft_session_send(s, WEFT_BINARY, "x", 1), 0);
        weft_session_free(s);
    }
}

static void nothing_may_be_freed(void **state)
{
    (void)state;
    weft_session_free(NULL);
    weft_message_unref(NULL);
}

static void there_is_no_message_of_control_frames(void **state)
{
    (void)state;
    weft_message *m = NULL;
    static const weft_opcode others[] = {WEFT_CONTINUATION, WEFT_CLOSE, WEFT_PING, WEFT_PONG};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(weft_message_new(&m, NULL, others[i], "x", 1), -EINVAL);
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_longer_than_memory_is_refused),
        cmocka_unit_test(a_send_longer_than_memory_is_refused),
        cmocka_unit_test(nothing_may_be_freed),
        cmocka_unit_test(there_is_no_message_of_control_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
