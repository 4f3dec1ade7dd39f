/* SPDX-License-Identifier: MIT
 *
 * io/socket_file.h - the file of a Unix socket that listens, and is to go with it
 *
 * Meanwhile somebody may have put something else in its place, or this process may have moved to another working
 * directory. So what is remembered is the directory itself, by a descriptor, and which file there it is: device and
 * inode. That number is nobody else's as long as the socket is open.
 */
#ifndef IO_SOCKET_FILE_H
#define IO_SOCKET_FILE_H

#include "io/sock.h"

struct socket_file {
    int dir; /* -1: there is none */
    dev_t dev;
    ino_t ino;
    char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* No file: of TCP, of a name in no file system, or somebody else's. */
void socket_file_none(struct socket_file *f);

/* The one that was made at a just now; none, if that is no path. 0 or -errno. */
int socket_file_note(struct socket_file *f, const struct sys *sys, const struct sock_addr *a);

/* Remove it, if it is still there. While the socket is open. */
void socket_file_remove(struct socket_file *f, const struct sys *sys);

#endif
