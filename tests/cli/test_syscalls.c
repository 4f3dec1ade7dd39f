/* SPDX-License-Identifier: MIT
 *
 * Which system calls a process can still make that has shut itself in with cli/syscalls.h.
 */
#include "cli/syscalls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "cli/confined.h"

static void *work(void *arg)
{
    *(int *)arg = 7;
    return arg;
}

static void serve(void)
{
    int pair[2];
    char buf[8];
    HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    HOLDS(syscalls_confine(true) == 0);

    HOLDS(send(pair[0], "hello", 5, MSG_DONTWAIT) == 5);
    HOLDS(recv(pair[1], buf, sizeof buf, MSG_DONTWAIT) == 5);
    HOLDS(epoll_create1(EPOLL_CLOEXEC) >= 0);
    HOLDS(eventfd(0, EFD_CLOEXEC) >= 0);
    HOLDS(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) >= 0);
    sigset_t none;
    sigemptyset(&none);
    HOLDS(signalfd(-1, &none, SFD_CLOEXEC) >= 0);
    HOLDS(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
    HOLDS(getrandom(buf, sizeof buf, 0) == sizeof buf);
    struct rlimit limit;
    HOLDS(getrlimit(RLIMIT_NOFILE, &limit) == 0);

    void *block = malloc(64 << 20);
    HOLDS(block);
    memset(block, 1, 64 << 20);
    free(block);

    pthread_t thread;
    int result = 0;
    HOLDS(pthread_create(&thread, NULL, work, &result) == 0);
    HOLDS(pthread_setname_np(pthread_self(), "weft-test") == 0);
    HOLDS(pthread_join(thread, NULL) == 0 && result == 7);
}

static void test_serving_goes_on_as_ever(void **state)
{
    (void)state;
    assert_clean(confined(serve, NULL, 0));
}

static void call_the_unknown(void)
{
    HOLDS(syscalls_confine(true) == 0);
    HOLDS(sethostname("taken", 5) < 0 && errno == ENOSYS);
    HOLDS(syscall(9999) < 0 && errno == ENOSYS);
    struct rlimit limit = {10, 10};
    HOLDS(setrlimit(RLIMIT_NOFILE, &limit) < 0 && errno == ENOSYS);
}

static void test_the_unknown_fails_as_on_an_older_kernel(void **state)
{
    (void)state;
    assert_clean(confined(call_the_unknown, NULL, 0));
}

static void run_a_program(void)
{
    HOLDS(syscalls_confine(true) == 0);
    execl("/bin/true", "true", NULL);
}

static void make_a_process(void)
{
    HOLDS(syscalls_confine(true) == 0);
    syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void call_somebody(void)
{
    HOLDS(syscalls_confine(true) == 0);
    socket(AF_INET, SOCK_STREAM, 0);
}

static void bring_code(void)
{
    HOLDS(syscalls_confine(true) == 0);
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void turn_data_into_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HOLDS(syscalls_confine(true) == 0);
    mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void signal_another(void)
{
    HOLDS(syscalls_confine(true) == 0);
    kill(getppid(), 0);
}

static int unconnected(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    HOLDS(fd >= 0 && listen(fd, 1) == 0);
    return fd;
}

static void connect_by_sending(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = unconnected();
    HOLDS(syscalls_confine(true) == 0);
    sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&a, sizeof a);
}

static void connect_by_a_message(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof a};
    int fd = unconnected();
    HOLDS(syscalls_confine(true) == 0);
    sendmsg(fd, &m, MSG_FASTOPEN);
}

static void become_root(void)
{
    HOLDS(syscalls_confine(true) == 0);
    if (setuid(0) == 0) _exit(2);
}

static void test_what_only_an_intruder_calls_ends_the_program_and_is_named(void **state)
{
    (void)state;
    static const struct {
        void (*run)(void);
        const char *name;
    } deeds[] = {
        {run_a_program, "execve"},         {make_a_process, "clone"},
        {call_somebody, "socket"},         {bring_code, "mmap"},
        {turn_data_into_code, "mprotect"}, {signal_another, "kill"},
        {become_root, "setuid"},           {connect_by_sending, "sendto"},
        {connect_by_a_message, "sendmsg"},
    };
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        char said[500], wanted[100];
        int status = confined(deeds[i].run, said, sizeof said);
        snprintf(wanted, sizeof wanted, "it called %s, ", deeds[i].name);
        assert_non_null(strstr(said, wanted));
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serving_goes_on_as_ever),
        cmocka_unit_test(test_the_unknown_fails_as_on_an_older_kernel),
        cmocka_unit_test(test_what_only_an_intruder_calls_ends_the_program_and_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
