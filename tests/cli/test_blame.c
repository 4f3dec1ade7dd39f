/* SPDX-License-Identifier: MIT
 *
 * What went wrong is counted by cause, in bounded room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/blame.h"
#include "cli/cli.h"

static struct blame b;

static int set_up(void **state)
{
    (void)state;
    memset(&b, 0, sizeof b);
    return 0;
}

static weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static void assert_entry(size_t i, const char *cause, const char *words, uint64_t count, int exit)
{
    assert_true(i < b.n);
    assert_string_equal(b.entries[i].cause, cause);
    assert_string_equal(b.entries[i].words, words);
    assert_int_equal(b.entries[i].count, count);
    assert_int_equal(b.entries[i].exit, exit);
}

static void the_same_cause_is_counted_once_more(void **state)
{
    (void)state;
    blame_error(&b, -ECONNREFUSED);
    blame_add(&b, "wrong reply", "first", EXIT_PROTOCOL);
    blame_add(&b, "wrong reply", "second", EXIT_PROTOCOL);
    blame_error(&b, -ECONNREFUSED);
    assert_int_equal(b.n, 2);
    assert_entry(0, "ECONNREFUSED", "Connection refused", 2, EXIT_CONNECT);
    assert_entry(1, "wrong reply", "first", 2, EXIT_PROTOCOL);
    assert_int_equal(blame_total(&b), 4);
}

static void a_refusal_is_its_status_and_what_it_says(void **state)
{
    (void)state;
    weft_refusal refusal = {.status = 403, .body = bytes("not you\r\n")};
    weft_close_info info = {.error = WEFT_ERR_REFUSED, .refusal = &refusal, .cause = ""};
    blame_close(&b, &info, false);
    assert_entry(0, "status 403", "not you", 1, EXIT_REFUSED);
}

static void a_close_is_its_code_and_reason(void **state)
{
    (void)state;
    weft_close_info slow = {
        .code = 1008, .reason = bytes("too slow"), .by_peer = true, .clean = true};
    weft_close_info done = {.code = 1000, .by_peer = true, .clean = true};
    blame_close(&b, &slow, true);
    blame_close(&b, &done, true);
    assert_entry(0, "close 1008", "too slow", 1, EXIT_CODE);
    assert_entry(1, "close 1000", "done", 1, EXIT_LOST); /* nobody asked it to */
}

static void what_else_ends_a_connection_is_its_error(void **state)
{
    (void)state;
    weft_close_info info = {.code = 1006, .error = WEFT_ERR_LOST, .cause = "gone", .by_peer = true};
    blame_close(&b, &info, true);
    assert_entry(0, "WEFT_ERR_LOST", "gone", 1, EXIT_LOST);
}

static void too_many_causes_share_the_last_place(void **state)
{
    (void)state;
    char cause[32];
    for (int i = 0; i < 3 * BLAME_MAX; i++) {
        snprintf(cause, sizeof cause, "close %d", 3000 + i);
        blame_add(&b, cause, "", EXIT_CODE);
    }
    assert_int_equal(b.n, BLAME_MAX);
    assert_string_equal(b.entries[BLAME_MAX - 1].cause, "others");
    assert_int_equal(b.entries[BLAME_MAX - 1].count, 2 * BLAME_MAX + 1);
    assert_int_equal(blame_total(&b), 3 * BLAME_MAX);
}

static void those_of_several_threads_are_merged(void **state)
{
    (void)state;
    static struct blame other;
    blame_add(&b, "close 1008", "a", EXIT_CODE);
    blame_add(&other, "close 1001", "b", EXIT_LOST);
    blame_add(&other, "close 1008", "c", EXIT_CODE);
    blame_merge(&b, &other);
    assert_entry(0, "close 1008", "a", 2, EXIT_CODE);
    assert_entry(1, "close 1001", "b", 1, EXIT_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_cause_is_counted_once_more, set_up),
        cmocka_unit_test_setup(a_refusal_is_its_status_and_what_it_says, set_up),
        cmocka_unit_test_setup(a_close_is_its_code_and_reason, set_up),
        cmocka_unit_test_setup(what_else_ends_a_connection_is_its_error, set_up),
        cmocka_unit_test_setup(too_many_causes_share_the_last_place, set_up),
        cmocka_unit_test_setup(those_of_several_threads_are_merged, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
