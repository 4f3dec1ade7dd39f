/* SPDX-License-Identifier: MIT
 *
 * The file of a listening Unix socket goes with it: that one, and nothing else that lies there by then.
 */
#include "io/socket_file.h"

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

static char dir[] = "/tmp/weft-socket-file-XXXXXX", before[4096];
static struct socket_file file;
static int fd;

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    return !getcwd(before, sizeof before) || !mkdtemp(dir) || chdir(dir) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    return chdir(before) | rmdir(dir);
}

static void listen_at(const char *path, unsigned mode)
{
    struct sock_addr a;
    assert_int_equal(sock_unix(&a, path), 0);
    fd = sock_listen(&sys_real, &a, mode);
    assert_true(fd >= 0);
    assert_int_equal(socket_file_note(&file, &sys_real, &a), 0);
}

static void end(void)
{
    socket_file_remove(&file, &sys_real);
    socket_file_remove(&file, &sys_real); /* harmless */
    close(fd);
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void it_goes(void **state)
{
    (void)state;
    char absolute[64];
    snprintf(absolute, sizeof absolute, "%s/s", dir);
    const char *const paths[] = {"s", "./s", absolute};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        listen_at(paths[i], 0);
        assert_true(is_there("s"));
        end();
        assert_false(is_there("s"));
    }
}

/* In the root directory there is no other slash; nobody but root may write there. */
static void a_slash_in_front(void **state)
{
    (void)state;
    struct sock_addr a;
    assert_int_equal(sock_unix(&a, "/weft-nowhere"), 0);
    assert_int_equal(socket_file_note(&file, &sys_real, &a), -ENOENT);
    assert_int_equal(file.dir, -1);
}

static void wherever_we_are(void **state)
{
    (void)state;
    listen_at("s", 0);
    assert_int_equal(chdir("/"), 0);
    end();
    assert_int_equal(chdir(dir), 0);
    assert_false(is_there("s"));
}

static void a_newer_socket_stays(void **state)
{
    (void)state;
    listen_at("s", 0);
    struct socket_file older = file;
    int older_fd = fd;
    assert_int_equal(unlink("s"), 0);
    listen_at("s", 0);
    socket_file_remove(&older, &sys_real);
    close(older_fd);
    assert_true(is_there("s"));
    end();
    assert_false(is_there("s"));
}

static void a_file_in_its_place_stays(void **state)
{
    (void)state;
    listen_at("s", 0);
    assert_int_equal(unlink("s"), 0);
    close(open("s", O_CREAT | O_WRONLY, 0600));
    end();
    assert_true(is_there("s"));
    assert_int_equal(unlink("s"), 0);
    listen_at("s", 0);
    assert_int_equal(rename("s", "t"), 0);
    assert_int_equal(symlink("t", "s"), 0); /* leads to ours, but is not it */
    end();
    assert_true(is_there("s") && is_there("t"));
    assert_int_equal(unlink("s") | unlink("t"), 0);
}

static void another_directory_of_that_name(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    listen_at("d/s", 0);
    assert_int_equal(rename("d", "e"), 0);
    assert_int_equal(mkdir("d", 0700), 0);
    close(open("d/s", O_CREAT | O_WRONLY, 0600));
    end();
    assert_true(is_there("d/s"));
    assert_false(is_there("e/s"));
    assert_int_equal(unlink("d/s") | rmdir("d") | rmdir("e"), 0);
}

static void others_have_none(void **state)
{
    (void)state;
    struct sock_addr a;
    assert_int_equal(sock_parse(&a, "127.0.0.1:1"), 0);
    assert_int_equal(socket_file_note(&file, &sys_real, &a), 0);
    assert_int_equal(file.dir, -1);
    char name[64];
    snprintf(name, sizeof name, "@weft-test-%d", (int)getpid());
    listen_at(name, 0600); /* there is nothing to be changed */
    assert_int_equal(file.dir, -1);
    end();
}

/* Whatever the umask says. Somebody who connects finds nothing that listens before. */
static void its_mode(void **state)
{
    (void)state;
    struct stat st;
    mode_t umask_before = umask(0077);
    const unsigned modes[][2] = {{0, 0700}, {0660, 0660}, {0777, 0777}, {0600, 0600}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        listen_at("s", modes[i][0]);
        assert_int_equal(lstat("s", &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i][1]);
        end();
    }
    umask(umask_before);
}

static int refused_listen(int socket, int backlog)
{
    (void)socket, (void)backlog;
    errno = ENOMEM;
    return -1;
}

static int refused_chmod(const char *path, mode_t mode)
{
    (void)path, (void)mode;
    errno = EPERM;
    return -1;
}

/* Nothing is left of what was bound, and cannot listen. */
static void what_fails_leaves_nothing(void **state)
{
    (void)state;
    struct sys sys = sys_real;
    struct sock_addr a;
    assert_int_equal(sock_unix(&a, "s"), 0);
    sys.listen = refused_listen;
    assert_int_equal(sock_listen(&sys, &a, 0), -ENOMEM);
    assert_false(is_there("s"));
    sys.chmod = refused_chmod;
    assert_int_equal(sock_listen(&sys, &a, 0600), -EPERM);
    assert_false(is_there("s"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_goes),
        TEST(a_slash_in_front),
        TEST(wherever_we_are),
        TEST(a_newer_socket_stays),
        TEST(a_file_in_its_place_stays),
        TEST(another_directory_of_that_name),
        TEST(others_have_none),
        TEST(its_mode),
        TEST(what_fails_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
