/* SPDX-License-Identifier: MIT
 *
 * io/socket_file.c - remembered by directory, device and inode
 */
#include "io/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void socket_file_none(struct socket_file *f)
{
    f->dir = -1;
}

/* What is behind the last slash; dir is what is in front of it. */
static const char *split(const char *path, char dir[sizeof(((struct socket_file *)0)->name)])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 2;
    memcpy(dir, slash ? path : "./", len);
    dir[len] = 0;
    return slash ? slash + 1 : path;
}

static void forget(struct socket_file *f)
{
    close(f->dir);
    f->dir = -1;
}

int socket_file_note(struct socket_file *f, const struct sys *sys, const struct sock_addr *a)
{
    char dir[sizeof f->name];
    struct stat st;
    socket_file_none(f);
    if (a->sa.sa_family != AF_UNIX || !a->un.sun_path[0]) return 0;
    strcpy(f->name, split(a->un.sun_path, dir));
    f->dir = sys->open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->dir < 0) return -errno;
    int err = sys->fstatat(f->dir, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
    if (err) return forget(f), err;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    return 0;
}

void socket_file_remove(struct socket_file *f, const struct sys *sys)
{
    struct stat st;
    if (f->dir < 0) return;
    bool ours = sys->fstatat(f->dir, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                st.st_dev == f->dev && st.st_ino == f->ino;
    if (ours) (void)sys->unlinkat(f->dir, f->name, 0);
    forget(f);
}
