/* SPDX-License-Identifier: MIT
 *
 * io/disk.c - the system calls of static files
 */
#include "io/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO does not wait for a writer. */
enum {
    AS_FILE = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    AS_STEP = O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC,
};

int disk_open_root(const struct sys *sys, const char *path)
{
    int fd = sys->open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The length of the segment that path begins with. */
static size_t segment(const char *path)
{
    return strcspn(path, "/");
}

/* ".." stays beneath the root in "a/..", but there is no need to let it. */
static bool has_dotdot(const char *path)
{
    for (;; path++) {
        size_t n = segment(path);
        if (n == 2 && path[0] == '.' && path[1] == '.') return true;
        path += n;
        if (!*path) return false;
    }
}

static int open_at_once(const struct sys *sys, int root, const char *path)
{
    struct open_how how = {
        .flags = AS_FILE,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = sys->openat2(root, path, &how);
    return fd < 0 ? -errno : fd;
}

static int open_segment(const struct sys *sys, int dir, const char *path, size_t n, int flags)
{
    char name[NAME_MAX + 1];
    if (n > NAME_MAX) return -ENAMETOOLONG;
    memcpy(name, path, n);
    name[n] = 0;
    int fd = sys->openat(dir, n ? name : ".", flags);
    return fd < 0 ? -errno : fd;
}

/* The same without openat2: one segment after the other, none of them a link. */
static int open_stepwise(const struct sys *sys, int root, const char *path)
{
    int dir = root;
    size_t n;
    for (; path[n = segment(path)]; path += n + 1) {
        int next = open_segment(sys, dir, path, n, AS_STEP);
        if (dir != root) close(dir);
        if (next < 0) return next;
        dir = next;
    }
    int fd = open_segment(sys, dir, path, n, AS_FILE | O_NOFOLLOW);
    if (dir != root) close(dir);
    return fd;
}

static int open_beneath(const struct sys *sys, int root, const char *path)
{
    if (*path == '/' || has_dotdot(path)) return -EXDEV;
    int fd = open_at_once(sys, root, *path ? path : ".");
    bool missing = fd == -ENOSYS || fd == -EPERM; /* EPERM: an old container's filter */
    return missing ? open_stepwise(sys, root, path) : fd;
}

static int describe(const struct sys *sys, int fd, struct disk_file *out)
{
    struct stat st;
    if (sys->fstat(fd, &st) < 0) return -errno;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return -EACCES;
    *out = (struct disk_file){
        .fd = fd,
        .is_directory = S_ISDIR(st.st_mode),
        .size = (uint64_t)st.st_size,
        .mtime = st.st_mtim.tv_sec,
        .mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
        .inode = st.st_ino,
    };
    return 0;
}

int disk_open(const struct sys *sys, int root, const char *path, struct disk_file *out)
{
    int fd = open_beneath(sys, root, path);
    if (fd == -ENXIO) return -EACCES; /* a socket, or a device without a driver */
    if (fd < 0) return fd;
    int err = describe(sys, fd, out);
    if (err < 0) close(fd);
    else if (out->is_directory) disk_close(out);
    return err;
}

ssize_t disk_read(const struct sys *sys, const struct disk_file *f, void *data, size_t len,
                  uint64_t offset)
{
    ssize_t n = sys->pread(f->fd, data, len, (off_t)offset);
    return n < 0 ? -errno : n;
}

void disk_close(struct disk_file *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}
