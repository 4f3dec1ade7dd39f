/* SPDX-License-Identifier: MIT
 *
 * cli/reach.h - from where can a listener be reached over TCP?
 */
#ifndef CLI_REACH_H
#define CLI_REACH_H

/* In order: what can be reached at several has the greatest. */
enum reach {
    REACH_UNKNOWN, /* it cannot be listened on, as far as can be seen */
    REACH_FILE,    /* a Unix socket: not over TCP, so by no browser */
    REACH_HERE,    /* loopback addresses: from this machine */
    REACH_WORLD
};

enum { REACH_NAME_MAX = 256 };

/* Of an address as weft_server_listen takes it, or of fd:N. name: its host if that is no address, else "". */
enum reach reach_of(const char *address, char name[REACH_NAME_MAX]);

enum reach reach_of_fd(int fd);

/* N of "fd:N"; -1: the address is none of these. */
int reach_descriptor(const char *address);

#endif
