/* SPDX-License-Identifier: MIT
 *
 * The batch: every request has its own result, nothing waits, nothing raises SIGPIPE. Whatever else
 * implements io/batch.h must pass the same.
 */
#include "io/batch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void each_request_has_its_own_result(void **state)
{
    (void)state;
    int good[2], broken[2];
    char got[8];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, good), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, broken), 0);
    close(broken[1]);
    struct iovec one = {"ab", 2}, three[] = {{"c", 1}, {"de", 2}, {"f", 1}};
    struct batch_request requests[] = {
        {.fd = good[0], .iov = &one, .n_iov = 1},  {.fd = broken[0], .iov = &one, .n_iov = 1},
        {.fd = -1, .iov = &one, .n_iov = 1},       {.fd = broken[0], .iov = three, .n_iov = 3},
        {.fd = good[0], .iov = three, .n_iov = 3},
    };
    batch_each.send(&sys_real, requests, 5);
    assert_int_equal(requests[0].result, 2);
    assert_int_equal(requests[1].result, -EPIPE);
    assert_int_equal(requests[2].result, -EBADF);
    assert_int_equal(requests[3].result, -EPIPE);
    assert_int_equal(requests[4].result, 4);
    assert_int_equal(read(good[1], got, sizeof got), 6);
    assert_memory_equal(got, "abcdef", 6);
    close(good[0]);
    close(good[1]);
    close(broken[0]);
}

static void a_full_socket_takes_a_part_and_then_nothing(void **state)
{
    (void)state;
    static char much[8 * 1024 * 1024];
    int pair[2]; /* blocking: MSG_DONTWAIT must do */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct iovec iov = {much, sizeof much};
    struct batch_request r = {.fd = pair[0], .iov = &iov, .n_iov = 1};
    batch_each.send(&sys_real, &r, 1);
    assert_true(r.result > 0 && r.result < (ssize_t)sizeof much);
    while (r.result > 0) batch_each.send(&sys_real, &r, 1);
    assert_int_equal(r.result, -EAGAIN);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_own_result),
        cmocka_unit_test(a_full_socket_takes_a_part_and_then_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
