/* SPDX-License-Identifier: MIT
 *
 * How a WebSocket ended: the parseable line and the exit code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/outcome.h"

static weft_close_info closed(uint16_t code, bool by_peer, const char *reason)
{
    weft_bytes text = {(const uint8_t *)reason, strlen(reason)};
    return (weft_close_info){.code = code,
                             .sent_code = code,
                             .reason = text,
                             .by_peer = by_peer,
                             .clean = true,
                             .cause = ""};
}

static weft_close_info failed(int error)
{
    return (weft_close_info){.code = WEFT_CLOSE_ABNORMAL, .error = error, .cause = "the cause"};
}

static void assert_line(weft_close_info info, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    outcome_print(to, &info);
    fclose(to);
    assert_string_equal(text, expected);
    free(text);
}

static void the_line_can_be_parsed(void **state)
{
    (void)state;
    assert_line(closed(1008, true, "too slow"),
                "closed code=1008 reason=\"too slow\" by=peer clean=yes");
    assert_line(closed(1000, false, "say \"hi\"\n"),
                "closed code=1000 reason=\"say \\\"hi\\\"\\u000a\" by=us clean=yes");
    weft_close_info crossed = closed(1009, false, "");
    crossed.sent_code = 1000;
    assert_line(crossed, "closed code=1009 reason=\"\" by=us clean=yes sent=1000");
    assert_line(failed(WEFT_ERR_LOST), "closed code=1006 reason=\"\" by=us clean=no "
                                       "error=WEFT_ERR_LOST cause=\"the cause\"");
}

static void assert_exit(weft_close_info info, int expected)
{
    assert_int_equal(outcome_exit(&info, true), expected);
}

static void a_code_that_means_trouble_is_81_when_the_peer_says_it(void **state)
{
    (void)state;
    assert_exit(closed(1000, true, ""), EXIT_CLEAN);
    assert_exit(closed(1001, true, ""), EXIT_CLEAN);
    assert_exit(closed(1005, true, ""), EXIT_CLEAN);
    assert_exit(closed(1008, true, ""), EXIT_CODE);
    assert_exit(closed(1011, true, ""), EXIT_CODE);
    assert_exit(closed(4000, true, ""), EXIT_CODE);
    assert_exit(closed(4000, false, ""), EXIT_CLEAN);

    weft_close_info crossed = closed(1009, false, "");
    crossed.sent_code = 1000;
    assert_exit(crossed, EXIT_CODE);
    crossed.error = WEFT_ERR_LOST; /* it did not wait for the rest either */
    assert_exit(crossed, EXIT_CODE);
}

static void what_goes_wrong_later_has_its_code(void **state)
{
    (void)state;
    assert_exit(failed(WEFT_ERR_TIMEOUT), EXIT_TIMEOUT);
    assert_exit(failed(WEFT_ERR_LOST), EXIT_LOST);
    assert_exit(failed(-ECONNRESET), EXIT_LOST);
    assert_exit(failed(WEFT_ERR_PROTOCOL), EXIT_PROTOCOL);
    assert_exit(failed(WEFT_ERR_UTF8), EXIT_PROTOCOL);
    assert_exit(failed(WEFT_ERR_TOO_BIG), EXIT_PROTOCOL);
}

static void what_goes_wrong_before_it_is_open_has_its_code(void **state)
{
    (void)state;
    static const struct {
        int error, status;
    } table[] = {
        {WEFT_ERR_URL, 3},      {WEFT_ERR_UNSUPPORTED, 3}, {WEFT_ERR_RESOLVE, 6},
        {-ECONNREFUSED, 7},     {-EHOSTUNREACH, 7},        {WEFT_ERR_PROXY, 7},
        {WEFT_ERR_REFUSED, 22}, {WEFT_ERR_TIMEOUT, 28},    {-ETIMEDOUT, 28},
        {WEFT_ERR_LOST, 56},    {WEFT_ERR_HANDSHAKE, 80},  {WEFT_ERR_HTTP, 80},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        weft_close_info info = failed(table[i].error);
        assert_int_equal(outcome_exit(&info, false), table[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_can_be_parsed),
        cmocka_unit_test(a_code_that_means_trouble_is_81_when_the_peer_says_it),
        cmocka_unit_test(what_goes_wrong_later_has_its_code),
        cmocka_unit_test(what_goes_wrong_before_it_is_open_has_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
