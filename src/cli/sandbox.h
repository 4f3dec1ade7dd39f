/* SPDX-License-Identifier: MIT
 *
 * cli/sandbox.h - the program shuts itself in, before it answers anybody
 *
 *      who      not root any more, no capabilities            privileges.h
 *      what     read DIR, certificates, settings; remove our sockets    landlock.h
 *      how      the system calls of serving                   syscalls.h
 *
 * In this order, because each needs what the next takes away. What the kernel lacks is done without, and
 * said. sandbox_none.c is for builds that cannot: sanitizers and coverage read and write files of their
 * own until the very end.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include <stdbool.h>

#include "cli/guard.h"
#include "cli/secret.h"
#include "cli/trace.h"

struct sandbox {
    bool off;         /* neither Landlock nor seccomp */
    const char *user; /* as who; NULL: see privileges_choose */
    const char *dir;  /* served as files; NULL: none */
    const char *file; /* with settings; NULL: none */
    const struct secret_options *secret;
    const struct guard_options *guard;
    const struct flag_list *listen; /* addresses; those of Unix sockets matter */
    const char *admin;              /* another one; NULL: none */
};

/* Once everything is open, before there are threads. 0, or an exit code after having complained. */
int sandbox_enter(const struct sandbox *s, const struct trace *t);

/* Between these two certificates, keys and settings can be read that only root may read. */
void sandbox_wake(void);
void sandbox_sleep(void);

#endif
