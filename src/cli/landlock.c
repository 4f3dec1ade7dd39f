/* SPDX-License-Identifier: MIT
 *
 * cli/landlock.c - Landlock without a library, because there is none
 *
 * The headers of the system may be older than the kernel it runs on, so what came after the first
 * version is written down here.
 */
#include "cli/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct landlock_ruleset_attr as of ABI 6. A kernel that knows less takes it when the rest is zero. */
struct ruleset {
    uint64_t files, tcp, scopes;
};

enum {
    TCP_SINCE = 4,
    BIND_AND_CONNECT = 3,
    SCOPES_SINCE = 6,
    ABSTRACT_SOCKETS_AND_SIGNALS = 3,
};

/* Rights over files are bits, from 0 up; each ABI knows so many. */
static uint64_t every_right(int abi)
{
    static const unsigned bits[] = {0, 13, 14, 15, 15, 16};
    int newest = sizeof bits / sizeof *bits - 1;
    return (1ull << bits[abi < newest ? abi : newest]) - 1;
}

static int create(const struct ruleset *r, uint32_t flags)
{
    long fd = syscall(SYS_landlock_create_ruleset, r, r ? sizeof *r : 0, flags);
    return fd < 0 ? -errno : (int)fd;
}

int landlock_open(struct landlock *l)
{
    return landlock_open_as(l, INT_MAX);
}

int landlock_open_as(struct landlock *l, int most)
{
    *l = (struct landlock){.fd = -1};
    int abi = create(NULL, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0) return abi;
    if (abi > most) abi = most;
    l->abi = abi;
    struct ruleset all = {
        .files = every_right(abi),
        .tcp = abi >= TCP_SINCE ? BIND_AND_CONNECT : 0,
        .scopes = abi >= SCOPES_SINCE ? ABSTRACT_SOCKETS_AND_SIGNALS : 0,
    };
    l->fd = create(&all, 0);
    return l->fd < 0 ? l->fd : 0;
}

int landlock_allow(const struct landlock *l, const char *path, enum landlock_right right)
{
    static const uint64_t rights[] = {
        [LANDLOCK_READ] = LANDLOCK_ACCESS_FS_READ_FILE,
        [LANDLOCK_READ_TREE] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        [LANDLOCK_REMOVE] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
    };
    struct landlock_path_beneath_attr rule = {
        .allowed_access = rights[right],
        .parent_fd = open(path, O_PATH | O_CLOEXEC),
    };
    if (rule.parent_fd < 0) return -errno;
    long r = syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int error = r < 0 ? -errno : 0;
    close(rule.parent_fd);
    return error;
}

int landlock_enter(const struct landlock *l)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
    return syscall(SYS_landlock_restrict_self, l->fd, 0) < 0 ? -errno : 0;
}

void landlock_close(struct landlock *l)
{
    if (l->fd >= 0) close(l->fd);
    l->fd = -1;
}
