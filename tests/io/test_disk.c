/* SPDX-License-Identifier: MIT
 *
 * Files beneath a root: what is served, and every way out that is closed; with openat2 and without.
 */
#include "io/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root_path[] = "/tmp/weft-disk-XXXXXX";
static int root;

/* ---- with openat2, without it, and with a filter that forbids it ----------------------------- */

static int missing;

static int no_openat2(int dir, const char *path, struct open_how *how)
{
    (void)dir, (void)path, (void)how;
    errno = missing;
    return -1;
}

static void in_each_way(void (*check)(const struct sys *sys))
{
    static const int ways[] = {0, ENOSYS, EPERM};
    for (size_t i = 0; i < 3; i++) {
        struct sys sys = sys_real;
        missing = ways[i];
        if (missing) sys.openat2 = no_openat2;
        check(&sys);
    }
}

static int error_of(const struct sys *sys, const char *path)
{
    struct disk_file f;
    int err = disk_open(sys, root, path, &f);
    if (err == 0) disk_close(&f);
    return err;
}

static void check_file(const struct sys *sys)
{
    static const char *const paths[] = {"a.html", "./a.html"};
    char text[16];
    struct disk_file f;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(disk_open(sys, root, paths[i], &f), 0);
        assert_false(f.is_directory);
        assert_int_equal(f.size, 5);
        assert_true(f.mtime > 0 && f.inode > 0);
        assert_int_equal(disk_read(sys, &f, text, sizeof text, 1), 4);
        assert_memory_equal(text, "ello", 4);
        assert_int_equal(disk_read(sys, &f, text, sizeof text, 5), 0);
        disk_close(&f);
        disk_close(&f);
        assert_true(disk_read(sys, &f, text, sizeof text, 0) < 0);
    }
    assert_int_equal(error_of(sys, "sub/b.txt"), 0);
}

static void a_file_is_opened_and_read(void **state)
{
    (void)state;
    in_each_way(check_file);
}

static void check_directory(const struct sys *sys)
{
    static const char *const paths[] = {"", "sub", "sub/"};
    for (size_t i = 0; i < 3; i++) {
        struct disk_file f;
        assert_int_equal(disk_open(sys, root, paths[i], &f), 0);
        assert_true(f.is_directory);
        assert_int_equal(f.fd, -1);
    }
}

static void a_directory_says_that_it_is_one(void **state)
{
    (void)state;
    in_each_way(check_directory);
}

static void check_escapes(const struct sys *sys)
{
    static const char *const paths[] = {
        "..",     "../",           "../etc/passwd", "sub/..",   "sub/../a.html", "sub/../../x",
        "/",      "/etc/passwd",   "//etc/passwd",  "to_file",  "to_root/etc",   "to_sub/b.txt",
        "to_sub", "sub/up/a.html", "loop",          "to_file/",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int err = error_of(sys, paths[i]);
        if (err != -EXDEV && err != -ELOOP && err != -ENOTDIR) fail_msg("%s: %d", paths[i], err);
    }
    assert_int_equal(error_of(sys, "..."), -ENOENT); /* an ordinary name */
}

static void there_is_no_way_out(void **state)
{
    (void)state;
    in_each_way(check_escapes);
}

static void check_others(const struct sys *sys)
{
    char long_name[400];
    memset(long_name, 'n', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    assert_int_equal(error_of(sys, "fifo"), -EACCES); /* and nobody waits for a writer */
    assert_int_equal(error_of(sys, "nothing"), -ENOENT);
    assert_int_equal(error_of(sys, "nothing/at/all"), -ENOENT);
    assert_int_equal(error_of(sys, "a.html/x"), -ENOTDIR);
    assert_int_equal(error_of(sys, "a.html/"), -ENOTDIR);
    assert_int_equal(error_of(sys, long_name), -ENAMETOOLONG);
}

static void regular_files_only(void **state)
{
    (void)state;
    in_each_way(check_others);
}

static int refused_openat(int dir, const char *path, int flags)
{
    (void)dir, (void)path, (void)flags;
    errno = EMFILE;
    return -1;
}

static int refused_fstat(int fd, struct stat *out)
{
    (void)fd, (void)out;
    errno = EIO;
    return -1;
}

static int next_descriptor(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

static void refusals_come_back_and_leak_nothing(void **state)
{
    (void)state;
    int before = next_descriptor();
    struct sys sys = sys_real;
    sys.openat2 = no_openat2;
    missing = ENOSYS;
    assert_int_equal(error_of(&sys, "sub/nothing"), -ENOENT);
    assert_int_equal(error_of(&sys, "sub/b.txt/x"), -ENOTDIR);
    sys.openat = refused_openat;
    assert_int_equal(error_of(&sys, "sub/b.txt"), -EMFILE);
    sys = sys_real;
    sys.fstat = refused_fstat;
    assert_int_equal(error_of(&sys, "a.html"), -EIO);
    assert_int_equal(disk_open_root(&sys_real, "/nonexistent"), -ENOENT);
    assert_int_equal(disk_open_root(&sys_real, "/etc/passwd"), -ENOTDIR);
    assert_int_equal(next_descriptor(), before);
}

static void write_file(const char *path, const char *text)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(root_path));
    root = disk_open_root(&sys_real, root_path);
    assert_true(root >= 0);
    write_file("a.html", "hello");
    assert_int_equal(mkdirat(root, "sub", 0700), 0);
    write_file("sub/b.txt", "b");
    assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
    assert_int_equal(symlinkat("a.html", root, "to_file"), 0);
    assert_int_equal(symlinkat("/", root, "to_root"), 0);
    assert_int_equal(symlinkat("sub", root, "to_sub"), 0);
    assert_int_equal(symlinkat("..", root, "sub/up"), 0);
    assert_int_equal(symlinkat("loop", root, "loop"), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"a.html",  "sub/b.txt", "sub/up", "fifo",
                                        "to_file", "to_root",   "to_sub", "loop"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlinkat(root, names[i], 0);
    unlinkat(root, "sub", AT_REMOVEDIR);
    close(root);
    return rmdir(root_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_opened_and_read),
        cmocka_unit_test(a_directory_says_that_it_is_one),
        cmocka_unit_test(there_is_no_way_out),
        cmocka_unit_test(regular_files_only),
        cmocka_unit_test(refusals_come_back_and_leak_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
