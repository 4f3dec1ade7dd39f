/* SPDX-License-Identifier: MIT
 *
 * tests/io/test_batch.c - every request has its own result, nothing waits, nothing raises SIGPIPE: one by
 * one, and through the ring where the kernel allows it. And what becomes of a ring that fails.
 */
#include "io/batch.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

/* Each test runs without a ring and with one. */
static int without(void **state)
{
    *state = NULL;
    return 0;
}

static int with(void **state)
{
    struct ring *ring = NULL;
    int error = ring_new(&ring, NULL, &sys_real);
    if (error < 0) print_message("no ring here (%d): one by one once more\n", error);
    *state = ring;
    return 0;
}

static int leave(void **state)
{
    ring_free(*state);
    return 0;
}

static void each_request_has_its_own_result(void **state)
{
    struct ring *ring = *state;
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
    batch_send(ring, &sys_real, requests, 5);
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
    struct ring *ring = *state;
    static char much[8 * 1024 * 1024];
    int pair[2]; /* blocking: MSG_DONTWAIT must do */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct iovec iov = {much, sizeof much};
    struct batch_request r = {.fd = pair[0], .iov = &iov, .n_iov = 1}, both[] = {r, r};
    batch_send(ring, &sys_real, both, 2);
    assert_true(both[0].result > 0 && both[0].result < (ssize_t)sizeof much);
    while (both[1].result > 0) batch_send(ring, &sys_real, both, 2);
    assert_int_equal(both[1].result, -EAGAIN);
    close(pair[0]);
    close(pair[1]);
}

/* ---- a ring that fails ----------------------------------------------------------------------- */

static int answer; /* of the calls below */

static int refuse_init(unsigned entries, struct io_uring *uring, unsigned flags)
{
    (void)entries, (void)uring, (void)flags;
    return answer;
}

static int refuse_submit(struct io_uring *uring)
{
    (void)uring;
    return answer;
}

static void a_kernel_that_refuses_says_why(void **state)
{
    (void)state;
    struct sys sys = sys_real;
    struct ring *ring = NULL;
    static const int errors[] = {-EPERM, -ENOSYS, -ENOMEM, -EMFILE, -EINVAL};
    sys.ring_init = refuse_init;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        answer = errors[i];
        assert_int_equal(ring_new(&ring, NULL, &sys), answer);
        assert_null(ring);
    }
}

/* Two bytes through a pair of sockets, twice in one batch. */
static void send_two(struct ring *ring, const struct sys *sys)
{
    int pair[2];
    char got[8];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct iovec a = {"a", 1}, b = {"b", 1};
    struct batch_request both[] = {{.fd = pair[0], .iov = &a, .n_iov = 1},
                                   {.fd = pair[0], .iov = &b, .n_iov = 1}};
    batch_send(ring, sys, both, 2);
    assert_int_equal(both[0].result, 1);
    assert_int_equal(both[1].result, 1);
    assert_int_equal(read(pair[1], got, sizeof got), 2);
    assert_memory_equal(got, "ab", 2);
    close(pair[0]);
    close(pair[1]);
}

static void nothing_is_lost_when_a_ring_fails(void **state)
{
    struct ring *ring = *state;
    struct sys sys = sys_real;
    if (!ring) skip();
    send_two(ring, &sys);
    sys.ring_submit = refuse_submit;
    answer = -EAGAIN;
    send_two(ring, &sys);
    sys.ring_submit = sys_real.ring_submit; /* not asked any more: what it holds is out of date */
    send_two(ring, &sys);
}

struct errand {
    struct ring *ring;
    const struct sys *sys;
};

static void *send_two_elsewhere(void *arg)
{
    struct errand *e = arg;
    send_two(e->ring, e->sys);
    send_two(e->ring, e->sys);
    return NULL;
}

static void run_elsewhere(struct ring *ring, const struct sys *sys)
{
    struct errand errand = {ring, sys};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_two_elsewhere, &errand), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The ring opens anew where it is used; when it cannot, one by one it is. */
static void a_loop_may_move_to_another_thread(void **state)
{
    struct ring *ring = *state;
    if (!ring) skip();
    send_two(ring, &sys_real);
    run_elsewhere(ring, &sys_real);
    send_two(ring, &sys_real);
    struct sys sys = sys_real;
    sys.ring_init = refuse_init;
    answer = -ENOMEM;
    run_elsewhere(ring, &sys);
    send_two(ring, &sys_real);
}

#define with_and_without(test)                   \
    {#test, test, without, leave, NULL},         \
    {                                            \
#test " (ring)", test, with, leave, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_and_without(each_request_has_its_own_result),
        with_and_without(a_full_socket_takes_a_part_and_then_nothing),
        cmocka_unit_test(a_kernel_that_refuses_says_why),
        cmocka_unit_test_setup_teardown(nothing_is_lost_when_a_ring_fails, with, leave),
        cmocka_unit_test_setup_teardown(a_loop_may_move_to_another_thread, with, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
