/* SPDX-License-Identifier: MIT
 *
 * io/disk.h - the system calls of static files
 *
 * Files are opened beneath a root that stays open: no "..", no symbolic links; regular files
 * only, and a FIFO does not make us wait. Where the kernel (or a container's filter) has no openat2
 * the path is walked segment by segment with O_NOFOLLOW.
 */
#ifndef IO_DISK_H
#define IO_DISK_H

#include <weft/base.h>

#include "io/sys.h"

struct disk_file {
    int fd; /* -1 for a directory */
    bool is_directory;
    uint64_t size;
    int64_t mtime; /* seconds since 1970 */
    uint32_t mtime_ns;
    uint64_t inode;
};

/* A directory to serve from: its descriptor, or -errno. */
int disk_open_root(const struct sys *sys, const char *path);

/* path is relative to root: "a/b.html"; "" is the root itself. Errors: -ENOENT, -EACCES (also for what is
 * neither file nor directory), -EXDEV (".."), -ELOOP (a symbolic link), -EMFILE ... */
int disk_open(const struct sys *sys, int root, const char *path, struct disk_file *out);

/* Bytes read, 0 at the end, or -errno. */
ssize_t disk_read(const struct sys *sys, const struct disk_file *f, void *data, size_t len,
                  uint64_t offset);

void disk_close(struct disk_file *f); /* twice is harmless; also closes nothing of a directory */

#endif
