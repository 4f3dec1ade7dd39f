/* SPDX-License-Identifier: MIT
 *
 * cli/privileges.h - who the program is when it serves: not root, and without capabilities
 *
 *      privileges_choose   started as root: whom to become
 *      privileges_drop     become it, for good
 *
 * One capability may be kept, asleep: to read files that only root may read. It is awake in
 * privileges_wake ... privileges_sleep only, while certificates and keys are read again.
 */
#ifndef CLI_PRIVILEGES_H
#define CLI_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct privileges {
    uid_t uid;
    gid_t gid;
    char name[64]; /* the user's; its number, if it has none */
    bool changes;  /* it is not who the program is now */
};

/* A directory that the program works in, and what others need in its mode to do that. */
struct privileges_place {
    const char *path;
    mode_t others; /* S_IXOTH, and S_IWOTH to remove what is in it */
};

/* user: a name or a number. NULL: who we are, but if that is root then nobody; and if one of the places
 * is closed to others, the owner of that.
 * Errors: -ENOENT (no such user), -EPERM (only root can become somebody else), -EIO. */
int privileges_choose(struct privileges *p, const char *user, const struct privileges_place *places,
                      size_t n);

/* Before there are threads; that it worked is verified. keep_reading: keep the one capability.
 * Errors: -errno. -EPERM and -EINVAL: there is no such change here (a container with one user, or without
 * the right to change); privileges_forget still drops what there is. */
int privileges_drop(const struct privileges *p, bool keep_reading);

/* All capabilities. Errors: -errno. */
int privileges_forget(void);

void privileges_wake(void);
void privileges_sleep(void);

#endif
