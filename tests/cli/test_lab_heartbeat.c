/* SPDX-License-Identifier: MIT
 *
 * Which ID is which connection: a few at a time, each once, found by who knows it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cli/lab_heartbeat.h"

#define ID "0123456789abcdef"

static struct heartbeats table;

static weft_bytes text(const char *t)
{
    return (weft_bytes){(const uint8_t *)t, strlen(t)};
}

static int take(const char *id)
{
    return heartbeats_take(&table, text(id));
}

static weft_id find(const char *id)
{
    return heartbeats_find(&table, text(id));
}

static int begin(void **state)
{
    (void)state;
    heartbeats_init(&table);
    return 0;
}

static int end(void **state)
{
    (void)state;
    heartbeats_deinit(&table);
    return 0;
}

static void ids_cannot_be_guessed(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "0123456789abcde", "0123456789ABCDEF", "0123456789/bcdef",
                                      ID ID "0"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_int_equal(take(ids[i]), -EINVAL);
        assert_int_equal(find(ids[i]), 0);
    }
    assert_int_equal(take(ID), 0);
    assert_int_equal(take(ID ID), 0);
}

static void each_is_there_once_from_open_to_close(void **state)
{
    (void)state;
    assert_int_equal(take(ID), 0);
    assert_int_equal(find(ID), 0);
    heartbeats_set(&table, ID, 42);
    assert_int_equal(find(ID), 42);
    assert_int_equal(take(ID), -EEXIST);
    heartbeats_leave(&table, ID);
    assert_int_equal(find(ID), 0);
    assert_int_equal(take(ID), 0);
    assert_int_equal(find(ID), 0);
}

static void there_are_twenty(void **state)
{
    (void)state;
    char id[] = "heartbeatnumbera";
    for (int i = 0; i < HEARTBEATS_MAX; i++, id[15]++) assert_int_equal(take(id), 0);
    assert_int_equal(take(id), -ENOSPC);
    heartbeats_leave(&table, "heartbeatnumberc");
    assert_int_equal(take(id), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ids_cannot_be_guessed, begin, end),
        cmocka_unit_test_setup_teardown(each_is_there_once_from_open_to_close, begin, end),
        cmocka_unit_test_setup_teardown(there_are_twenty, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
