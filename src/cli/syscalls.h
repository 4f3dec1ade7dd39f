/* SPDX-License-Identifier: MIT
 *
 * cli/syscalls.h - which system calls a process that serves may make: a seccomp filter
 *
 *      what serving needs        goes on as ever
 *      what only an intruder     the program ends with SIGSYS, having said which call it was: another
 *      would want                program, a new process, a new connection, memory to run code in,
 *                                another user, other processes
 *      all others                fail with ENOSYS, as on a kernel without them, and are logged by the
 *                                kernel. A newer libc that tries a newer call does not end the server
 *
 * Whoever needs one more adds a line to a table in syscalls.c.
 */
#ifndef CLI_SYSCALLS_H
#define CLI_SYSCALLS_H

#include <stdbool.h>

/* files_are_shut: Landlock keeps this process from writing and truncating files, whatever it calls. Else openat2 is
 * missing, too.
 * From now on, for this thread and those it makes; for ever. No other threads yet.
 * Errors: -errno: the kernel has no filters, or is too old for this one; nothing was changed but
 * no_new_privs. */
int syscalls_confine(bool files_are_shut);

#endif
