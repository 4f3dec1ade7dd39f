/* SPDX-License-Identifier: MIT
 *
 * What systemd says of descriptors that it has passed, and what is not meant for us.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/passed.h"

static void say(const char *n, const char *names)
{
    char pid[24];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
    assert_int_equal(setenv("LISTEN_FDS", n, 1), 0);
    assert_int_equal(names ? setenv("LISTEN_FDNAMES", names, 1) : unsetenv("LISTEN_FDNAMES"), 0);
}

static void assert_passed(int sockets, int first, int second, int snapshot)
{
    assert_int_equal(passed_sockets(), sockets);
    assert_int_equal(passed_socket(0), first);
    assert_int_equal(passed_socket(1), second);
    assert_int_equal(passed_snapshot(), snapshot);
}

static void test_names(void **state)
{
    (void)state;
    say("2", NULL);
    assert_passed(2, 3, 4, -1);
    say("2", "weft.socket:weft.socket");
    assert_passed(2, 3, 4, -1);
    say("3", "weft.socket:weft.socket:weft-snapshot");
    assert_passed(2, 3, 4, 5);
    say("2", "weft-snapshot:weft.socket");
    assert_passed(1, 4, -1, 3);
    say("1", "weft-snapshot");
    assert_passed(0, -1, -1, 3);
    say("2", "weft-snapshots:weft-snap");
    assert_passed(2, 3, 4, -1);
    say("2", "a"); /* too few names */
    assert_passed(2, 3, 4, -1);
}

static void test_nothing(void **state)
{
    (void)state;
    static const char *const no_numbers[] = {"", "x", "-1", "1x", "0", "99999999999"};
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++) {
        say(no_numbers[i], "weft-snapshot");
        assert_passed(0, -1, -1, -1);
    }
    say("2", NULL);
    assert_int_equal(setenv("LISTEN_PID", "1", 1), 0); /* somebody else is meant */
    assert_passed(0, -1, -1, -1);
    say("1", "weft-snapshot");
    passed_forget();
    assert_passed(0, -1, -1, -1);
    assert_null(getenv("LISTEN_FDNAMES"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
