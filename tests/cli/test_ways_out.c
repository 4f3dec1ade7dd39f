/* SPDX-License-Identifier: MIT
 *
 * What somebody can do who runs code in a process that has shut itself in as `weft serve` does: through calls that are
 * left, through the loop's ring, through descriptors at hand. With Landlock as each version of it, and without.
 *
 *      T/site/page     T/site is served
 *      T/secret        is not
 */
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cli/confined.h"

#include "cli/landlock.h"
#include "cli/syscalls.h"
#include "io/batch.h"

static char top[64];

static const char *path(const char *name)
{
    static char whole[200];
    snprintf(whole, sizeof whole, "%s/%s", top, name);
    return whole;
}

static void put(const char *name)
{
    int fd = open(path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static int make_tree(void **state)
{
    (void)state;
    strcpy(top, "/tmp/weft-ways-out-XXXXXX");
    assert_non_null(mkdtemp(top));
    assert_int_equal(mkdir(path("site"), 0700), 0);
    put("secret");
    put("site/page");
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    unlink(path("secret"));
    unlink(path("site/page"));
    rmdir(path("site"));
    return rmdir(top);
}

/* ---- what he finds --------------------------------------------------------------------------- */

static struct {
    int abi; /* of Landlock; 0: none */
    struct io_uring *uring;
    int listener, dir, pair[2];
    struct sockaddr_in elsewhere; /* somebody who listens */
} at_hand;

static int keep_ring(unsigned entries, struct io_uring *uring, unsigned flags)
{
    int error = sys_real.ring_init(entries, uring, flags);
    at_hand.uring = error ? NULL : uring;
    return error;
}

/* As on a kernel before 6.1. */
static int keep_old_ring(unsigned entries, struct io_uring *uring, unsigned flags)
{
    return flags & IORING_SETUP_SINGLE_ISSUER ? -EINVAL : keep_ring(entries, uring, flags);
}

static int listen_somewhere(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    HOLDS(bind(fd, (struct sockaddr *)at, len) == 0 && listen(fd, 8) == 0);
    HOLDS(getsockname(fd, (struct sockaddr *)at, &len) == 0);
    return fd;
}

/* The loop has sent already, so its ring is enabled. */
static void send_once(struct ring *ring, const struct sys *sys)
{
    struct iovec a = {"a", 1};
    struct batch_request both[] = {{.fd = at_hand.pair[0], .iov = &a, .n_iov = 1},
                                   {.fd = at_hand.pair[0], .iov = &a, .n_iov = 1}};
    batch_send(ring, sys, both, 2);
    HOLDS(both[0].result == 1 && both[1].result == 1);
}

static void shut_in(int (*ring_init)(unsigned, struct io_uring *, unsigned))
{
    static struct sys sys;
    struct sockaddr_in own;
    struct ring *ring = NULL;
    struct landlock l = {.fd = -1};
    sys = sys_real;
    sys.ring_init = ring_init;
    at_hand.listener = listen_somewhere(&own);
    (void)listen_somewhere(&at_hand.elsewhere);
    at_hand.dir = open(path("site"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, at_hand.pair) == 0);
    (void)ring_new(&ring, NULL, &sys);
    if (at_hand.abi) {
        HOLDS(landlock_open_as(&l, at_hand.abi) == 0);
        HOLDS(landlock_allow(&l, path("site"), LANDLOCK_READ_TREE) == 0);
        HOLDS(landlock_enter(&l) == 0);
        landlock_close(&l);
    }
    HOLDS(syscalls_confine(at_hand.abi >= LANDLOCK_TRUNCATES) == 0);
    send_once(ring, &sys);
}

/* ---- the ring -------------------------------------------------------------------------------- */

/* What it says of this request. */
static int ask_ring(const struct io_uring_sqe *sqe)
{
    struct io_uring *u = at_hand.uring;
    struct io_uring_cqe *cqe;
    struct io_uring_sqe *slot = io_uring_get_sqe(u);
    HOLDS(slot);
    *slot = *sqe;
    HOLDS(io_uring_submit_and_wait(u, 1) == 1);
    HOLDS(io_uring_peek_cqe(u, &cqe) == 0);
    int result = cqe->res;
    io_uring_cqe_seen(u, cqe);
    return result;
}

static bool sends(unsigned op)
{
    return op == IORING_OP_SEND || op == IORING_OP_SENDMSG;
}

static void use_the_ring(void)
{
    shut_in(keep_ring);
    if (!at_hand.uring) return;
    for (unsigned op = 0; op < 80; op++) {
        struct io_uring_sqe sqe = {.opcode = (uint8_t)op, .fd = at_hand.pair[0]};
        int result = ask_ring(&sqe);
        HOLDS(sends(op) || result == -EACCES || result == -EINVAL);
        HOLDS(sends(op) || op >= IORING_OP_LAST || result == -EACCES);
    }
    for (unsigned bit = 0; bit < 8; bit++) {
        struct io_uring_sqe sqe = {
            .opcode = IORING_OP_SEND, .fd = at_hand.pair[0], .flags = (uint8_t)(1u << bit)};
        HOLDS(ask_ring(&sqe) < 0);
    }
}

static void use_an_old_ring(void)
{
    shut_in(keep_old_ring);
    if (!at_hand.uring) return;
    struct io_uring_sqe sqe = {.opcode = IORING_OP_OPENAT,
                               .fd = AT_FDCWD,
                               .addr = (uintptr_t) "/dev/null",
                               .open_flags = O_RDWR};
    HOLDS(ask_ring(&sqe) == -EACCES);
    sqe = (struct io_uring_sqe){.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_DGRAM};
    HOLDS(ask_ring(&sqe) == -EACCES);
}

/* Registered buffers, files, credentials: nothing. And no other ring. */
static void change_the_ring(void)
{
    int fds[] = {0, 1};
    struct io_uring_params p = {0};
    shut_in(keep_ring);
    HOLDS(syscall(SYS_io_uring_setup, 8, &p) < 0 && errno == ENOSYS);
    if (!at_hand.uring) return;
    for (unsigned op = 0; op < 64; op++)
        HOLDS(syscall(SYS_io_uring_register, at_hand.uring->ring_fd, op, fds, 2) < 0);
    HOLDS(syscall(SYS_io_uring_register, at_hand.uring->ring_fd, IORING_REGISTER_FILES, fds, 2) <
              0 &&
          errno == ENOSYS);
}

/* ---- out of the machine ---------------------------------------------------------------------- */

/* A listener that is none any more could be connected by what is sent on it. */
static void connect_elsewhere(void)
{
    shut_in(keep_ring);
    HOLDS(shutdown(at_hand.listener, SHUT_RDWR) < 0 && errno == ENOSYS);
    HOLDS(shutdown(at_hand.listener, SHUT_RD) < 0 && errno == ENOSYS);
    (void)shutdown(at_hand.listener, SHUT_WR); /* is nothing to a listener */
    int listens = 0;
    HOLDS(getsockopt(at_hand.listener, SOL_SOCKET, SO_ACCEPTCONN, &listens,
                     &(socklen_t){sizeof listens}) == 0);
    HOLDS(listens);
    struct iovec x = {"x", 1};
    struct msghdr m = {.msg_name = &at_hand.elsewhere,
                       .msg_namelen = sizeof at_hand.elsewhere,
                       .msg_iov = &x,
                       .msg_iovlen = 1};
    struct mmsghdr many = {.msg_hdr = m};
    HOLDS(syscall(SYS_sendmmsg, at_hand.listener, &many, 1, MSG_FASTOPEN) < 0 && errno == ENOSYS);
    if (!at_hand.uring) return;
    struct io_uring_sqe sqe = {.opcode = IORING_OP_SENDMSG,
                               .fd = at_hand.listener,
                               .addr = (uintptr_t)&m,
                               .len = 1,
                               .msg_flags = MSG_FASTOPEN | MSG_NOSIGNAL};
    HOLDS(ask_ring(&sqe) < 0);
}

/* Somebody outside could hand him a descriptor. */
static void be_given_a_descriptor(void)
{
    char room[CMSG_SPACE(sizeof(int))], byte;
    struct iovec one = {&byte, 1};
    struct msghdr m = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    shut_in(keep_ring);
    HOLDS(recvmsg(at_hand.pair[1], &m, MSG_DONTWAIT) < 0 && errno == ENOSYS);
}

static void signal_by_descriptor(void)
{
    shut_in(keep_ring);
    HOLDS(fcntl(at_hand.pair[0], F_SETOWN, 1) < 0 && errno == ENOSYS);
    HOLDS(fcntl(at_hand.pair[0], F_SETSIG, SIGKILL) < 0 && errno == ENOSYS);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int try_openat2(const char *name, uint64_t flags)
{
    uint64_t how[3] = {flags, flags & O_CREAT ? 0600 : 0, 0};
    return (int)syscall(SYS_openat2, AT_FDCWD, path(name), how, sizeof how);
}

static void write_files(void)
{
    static const int flags[] = {O_WRONLY,           O_RDWR,
                                O_RDONLY | O_CREAT, O_WRONLY | O_CREAT,
                                O_RDONLY | O_TRUNC, O_WRONLY | O_APPEND};
    static const char *const names[] = {"site/page", "secret", "site/new", "new"};
    shut_in(keep_ring);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t j = 0; j < sizeof flags / sizeof *flags; j++) {
            HOLDS(open(path(names[i]), flags[j] | O_CLOEXEC, 0600) < 0);
            bool is_there = i < 2; /* with O_CREAT it is only read */
            HOLDS((is_there && flags[j] == (O_RDONLY | O_CREAT)) ||
                  try_openat2(names[i], (uint64_t)flags[j]) < 0);
        }
    HOLDS(open(path("site"), O_TMPFILE | O_RDWR, 0600) < 0);
    HOLDS(open("/proc/self/mem", O_RDWR | O_CLOEXEC) < 0);
    HOLDS(openat(at_hand.dir, "page", O_RDWR | O_CLOEXEC) < 0);
    int fd = open(path("site/page"), O_RDONLY | O_CLOEXEC);
    struct stat st;
    HOLDS(fd >= 0 && ftruncate(fd, 0) < 0);
    HOLDS(fstat(fd, &st) == 0 && st.st_size == 4);
}

static void read_files(void)
{
    shut_in(keep_ring);
    HOLDS(open(path("site/page"), O_RDONLY | O_CLOEXEC) >= 0);
    if (!at_hand.abi) return; /* then he reads what the user may */
    HOLDS(open(path("secret"), O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
    HOLDS(openat(at_hand.dir, "../secret", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
    HOLDS(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
    HOLDS(open("/proc/1/environ", O_RDONLY | O_CLOEXEC) < 0);
    HOLDS(unlink(path("site/page")) < 0 && errno == EACCES);
    HOLDS(unlink(path("secret")) < 0 && errno == EACCES);
}

/* ---- with each Landlock ---------------------------------------------------------------------- */

static int newest_abi(void)
{
    struct landlock l;
    int error = landlock_open(&l);
    landlock_close(&l);
    if (error == -ENOSYS || error == -EOPNOTSUPP) print_message("no Landlock here: without it\n");
    return error ? 0 : l.abi < LANDLOCK_NEWEST ? l.abi : LANDLOCK_NEWEST;
}

static void test_ways_out(void **state)
{
    void (*try)(void) = *(void (**)(void)) * state;
    int newest = newest_abi();
    for (at_hand.abi = 0; at_hand.abi <= newest; at_hand.abi++) {
        int status = confined(try, NULL, 0);
        if (status) print_message("with Landlock's ABI %d:\n", at_hand.abi);
        assert_clean(status);
    }
}

int main(void)
{
    static void (*const ways[])(void) = {
        use_the_ring,          use_an_old_ring,      change_the_ring, connect_elsewhere,
        be_given_a_descriptor, signal_by_descriptor, write_files,     read_files};
    static const char *const names[] = {"the ring",          "an old kernel's ring",
                                        "changing the ring", "connecting",
                                        "a descriptor",      "a signal",
                                        "writing",           "reading"};
    struct CMUnitTest tests[sizeof ways / sizeof *ways];
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        tests[i] =
            (struct CMUnitTest){names[i], test_ways_out, NULL, NULL, (void *)(uintptr_t)&ways[i]};
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
