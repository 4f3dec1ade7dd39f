/* SPDX-License-Identifier: MIT
 *
 * cli/landlock.h - which files a process that serves may touch: a rule set of the kernel's Landlock
 *
 *      landlock_open       what this kernel can restrict is forbidden, all of it
 *      landlock_allow      but for this
 *      landlock_enter      from now on, for this thread and those it makes; for ever
 *
 * Descriptors that are open already stay as good as they were. Where the kernel knows of it (ABI 4, 6)
 * no TCP address is bound or connected to, and neither abstract sockets nor processes outside are
 * reached. Looking at what a file is (stat) is never restricted.
 */
#ifndef CLI_LANDLOCK_H
#define CLI_LANDLOCK_H

struct landlock {
    int fd;
    int abi; /* of the kernel; 0: it has none */
};

enum {
    LANDLOCK_TRUNCATES = 3, /* the ABI from which on truncating is forbidden, too */
    LANDLOCK_NEWEST = 7     /* that we know */
};

enum landlock_right {
    LANDLOCK_READ,      /* files: this one, or all beneath this directory */
    LANDLOCK_READ_TREE, /* the directories beneath, too */
    LANDLOCK_REMOVE     /* files and sockets from this directory */
};

/* Errors: -ENOSYS, -EOPNOTSUPP: the kernel has none, or it is switched off. */
int landlock_open(struct landlock *l);

/* The same as on a kernel that knows no more than abi. */
int landlock_open_as(struct landlock *l, int abi);

/* The path is followed now; what it names may move later. Errors: -errno. */
int landlock_allow(const struct landlock *l, const char *path, enum landlock_right right);

/* Errors: -errno. */
int landlock_enter(const struct landlock *l);

void landlock_close(struct landlock *l); /* also after a failure */

#endif
