/* SPDX-License-Identifier: MIT
 *
 * cli/syscalls.c - the tables, and libseccomp
 *
 * io_uring would get around this filter, because what it is asked for is no system call. So a ring can
 * be used here, but not made: make it before, and restrict it (io/batch_ring.c does). Of what is allowed, arguments are
 * looked at where they would lead out:
 *
 *      open         to write or create. openat2 has its flags in memory, which no filter sees: so it is there only if
 *                   Landlock stops it from writing and truncating
 *      shutdown     but for SHUT_WR: a listener would become a socket that can be connected
 *      sendto       MSG_FASTOPEN connects
 *      fcntl        F_SETOWN and F_SETSIG have the kernel send a signal
 */
#include "cli/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Names as in the manual, of every architecture; what another architecture lacks does no harm. */

static const char *const allowed[] = {
    /* connections */
    "accept accept4 recvfrom",
    "getsockopt setsockopt getsockname getpeername",
    /* descriptors */
    "read readv write writev pread64 preadv lseek _llseek sendfile splice",
    "close close_range dup fstat fstat64",
    /* files; which ones is Landlock's business */
    "stat lstat newfstatat statx access faccessat faccessat2",
    "readlink readlinkat getcwd getdents64 unlink unlinkat",
    /* the loop */
    "epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll ppoll select pselect6",
    "eventfd2 timerfd_create timerfd_settime timerfd_gettime signalfd4",
    "io_uring_enter",
    /* memory, as far as no condition below has the rest */
    "brk munmap mremap madvise mincore",
    /* threads */
    "futex set_robust_list get_robust_list rseq gettid membarrier exit exit_group getcpu",
    "sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler",
    /* signals */
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending sigaltstack restart_syscall",
    /* clocks */
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times",
    /* who and where we are */
    "getpid getppid getuid geteuid getgid getegid getresuid getresgid capget capset",
    "getrusage getrlimit sysinfo uname getrandom",
};

static const char *const deadly[] = {
    /* another program, another process */
    "execve execveat fork vfork kill tkill ptrace process_vm_readv process_vm_writev",
    "process_madvise pidfd_open pidfd_getfd pidfd_send_signal kcmp",
    /* another connection */
    "socket socketpair connect bind listen",
    /* another user, another root */
    "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups",
    "unshare setns chroot pivot_root mount umount2 move_mount open_tree fsopen fsmount",
    /* another file: nothing is written but what is open */
    "creat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat rmdir",
    "mknod mknodat chmod fchmod fchmodat chown fchown lchown fchownat truncate",
    "memfd_create open_by_handle_at",
    /* the kernel */
    "bpf perf_event_open userfaultfd keyctl add_key request_key personality modify_ldt",
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon acct",
    "iopl ioperm settimeofday clock_settime adjtimex quotactl",
};

#define EVERY_BIT UINT64_MAX
#define AN_INT    UINT32_MAX

enum { WRITES = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND, CONNECTS = MSG_FASTOPEN };

/* Allowed when these bits of an argument are as said. What is not is deadly, or fails. */
static const struct condition {
    const char *name;
    unsigned argument;
    uint64_t bits, value;
    bool or_deadly;
} conditions[] = {
    {"mmap", 2, PROT_EXEC, 0, true},
    {"mmap2", 2, PROT_EXEC, 0, true},
    {"mprotect", 2, PROT_EXEC, 0, true},
    {"clone", 0, CLONE_THREAD, CLONE_THREAD, true}, /* glibc tries clone3 before: ENOSYS */
    {"open", 1, WRITES, O_RDONLY, false},
    {"openat", 2, WRITES, O_RDONLY, false},
    {"shutdown", 1, AN_INT, SHUT_WR, false},
    {"sendto", 3, CONNECTS, 0, true},
    {"sendmsg", 2, CONNECTS, 0, true},
    {"io_uring_register", 1, AN_INT, IORING_REGISTER_ENABLE_RINGS, false},
    {"fcntl", 1, AN_INT, F_GETFD, false},
    {"fcntl", 1, AN_INT, F_SETFD, false},
    {"fcntl", 1, AN_INT, F_GETFL, false},
    {"fcntl", 1, AN_INT, F_SETFL, false},
    {"fcntl", 1, AN_INT, F_DUPFD_CLOEXEC, false},
    {"fcntl64", 1, AN_INT, F_GETFD, false},
    {"fcntl64", 1, AN_INT, F_SETFD, false},
    {"fcntl64", 1, AN_INT, F_GETFL, false},
    {"fcntl64", 1, AN_INT, F_SETFL, false},
    {"fcntl64", 1, AN_INT, F_DUPFD_CLOEXEC, false},
    {"prctl", 0, EVERY_BIT, PR_SET_NAME, false},
    {"prlimit64", 2, EVERY_BIT, 0, false}, /* asks, does not set */
};

/* The number of the name that text begins with; text goes behind it. -EINVAL: libseccomp does not know
 * it. */
static int next_number(const char **text, int *number)
{
    char name[32] = "";
    size_t n = strcspn(*text, " ");
    memcpy(name, *text, n < sizeof name ? n : sizeof name - 1);
    *text += n + strspn(*text + n, " ");
    *number = seccomp_syscall_resolve_name(name);
    return *number == __NR_SCMP_ERROR ? -EINVAL : 0;
}

/* ---- when it happens ------------------------------------------------------------------------- */

static void say(const char *text, size_t len)
{
    ssize_t n = write(STDERR_FILENO, text, len);
    (void)n;
}

/* The name of that number, if text holds it. */
static bool say_name(const char *text, int wanted)
{
    while (*text) {
        const char *name = text;
        int number;
        if (next_number(&text, &number) == 0 && number == wanted) {
            say(name, strcspn(name, " "));
            return true;
        }
    }
    return false;
}

static void say_which(int number)
{
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        if (say_name(deadly[i], number)) return;
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (say_name(conditions[i].name, number)) return;
}

/* SA_RESETHAND: the second SIGSYS ends the program, with a core where that is wanted. */
static void on_violation(int signal_number, siginfo_t *info, void *context)
{
    static const char before[] = "weft: stopped by its own sandbox: it called ";
    static const char after[] = ", which serving never does\n";
    (void)context;
    say(before, sizeof before - 1);
    say_which(info->si_syscall);
    say(after, sizeof after - 1);
    raise(signal_number);
}

static int watch_violations(void)
{
    struct sigaction action = {.sa_sigaction = on_violation,
                               .sa_flags = SA_SIGINFO | (int)SA_RESETHAND | SA_NODEFER};
    return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

/* ---- the filter ------------------------------------------------------------------------------ */

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *lines, size_t n)
{
    int r = 0, number;
    for (size_t i = 0; i < n; i++)
        for (const char *text = lines[i]; *text && r == 0;)
            if ((r = next_number(&text, &number)) == 0)
                r = seccomp_rule_add(filter, action, number, 0);
    return r;
}

static int add_condition(scmp_filter_ctx filter, const struct condition *c)
{
    int number, r = next_number(&(const char *){c->name}, &number);
    struct scmp_arg_cmp holds = {
        .arg = c->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = c->bits, .datum_b = c->value};
    struct scmp_arg_cmp fails = holds;
    fails.datum_b ^= c->bits;
    if (r == 0) r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, holds);
    if (r == 0 && c->or_deadly) r = seccomp_rule_add(filter, SCMP_ACT_TRAP, number, 1, fails);
    return r;
}

/* abort() and raise() signal a thread of this process. */
static int add_own_signals(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, EVERY_BIT, (scmp_datum_t)getpid()));
}

static int add_rules(scmp_filter_ctx filter, bool files_are_shut)
{
    int r = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof allowed / sizeof *allowed);
    if (r == 0) r = add_all(filter, SCMP_ACT_TRAP, deadly, sizeof deadly / sizeof *deadly);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions && r == 0; i++)
        r = add_condition(filter, &conditions[i]);
    if (r == 0 && files_are_shut)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat2), 0);
    return r < 0 ? r : add_own_signals(filter);
}

/* What an older kernel or library refuses is done without. SSB: not the costly mitigation for processes
 * that run others' code; this one runs none. */
static void tune(scmp_filter_ctx filter)
{
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
}

int syscalls_confine(bool files_are_shut)
{
    int r = watch_violations();
    scmp_filter_ctx filter = r < 0 ? NULL : seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter) return r < 0 ? r : -ENOMEM;
    tune(filter);
    r = add_rules(filter, files_are_shut);
    if (r == 0) r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}
