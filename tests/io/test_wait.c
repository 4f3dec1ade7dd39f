/* SPDX-License-Identifier: MIT
 *
 * Waiting for the kernel: what it is asked once it has said that it knows milliseconds only. How long a loop waits,
 * and that it polls, is in test_loop.c.
 */
#include "io/wait.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t fake_clock(void *ctx)
{
    (void)ctx;
    return 1000;
}

static const weft_env env = {.now_us = fake_clock};

static struct {
    int exact, coarse; /* calls of each */
    int error;         /* of the exact one; 0: nothing comes */
    int timeout_ms;
} asked;

static int exact_wait(int epfd, struct epoll_event *events, int max,
                      const struct __kernel_timespec *timeout)
{
    (void)epfd, (void)events, (void)max, (void)timeout;
    asked.exact++;
    errno = asked.error;
    return asked.error ? -1 : 0;
}

static int coarse_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
    (void)epfd, (void)events, (void)max;
    asked.coarse++;
    asked.timeout_ms = timeout_ms;
    return 0;
}

static const struct sys sys = {.epoll_wait = coarse_wait, .epoll_pwait2 = exact_wait};
static const struct due soon = {.wheel = WEFT_NEVER, .exact = 2500};

static void expect_asked(int error, int times, int exact, int coarse)
{
    struct wait w = {&sys, &env, .epfd = -1};
    asked.exact = asked.coarse = 0;
    asked.error = error;
    for (int i = 0; i < times; i++) {
        int n = wait_for(&w, &soon, -1, true, NULL, 0);
        assert_int_equal(n, exact == times && error ? -1 : 0);
    }
    assert_int_equal(asked.exact, exact);
    assert_int_equal(asked.coarse, coarse);
}

static void who_has_no_exact_wait_is_asked_for_it_once(void **state)
{
    (void)state;
    expect_asked(ENOSYS, 3, 1, 3);
    expect_asked(EPERM, 3, 1, 3);
    assert_int_equal(asked.timeout_ms, 2);
}

/* A signal says nothing about the kernel. */
static void any_other_error_is_that_of_one_call(void **state)
{
    (void)state;
    expect_asked(0, 3, 3, 0);
    expect_asked(EINTR, 3, 3, 0);
    expect_asked(EINVAL, 3, 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_no_exact_wait_is_asked_for_it_once),
        cmocka_unit_test(any_other_error_is_that_of_one_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
