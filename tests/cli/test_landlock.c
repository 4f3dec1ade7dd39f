/* SPDX-License-Identifier: MIT
 *
 * What a process can reach that has shut itself in with cli/landlock.h.
 *
 *      T/site/page          T/site is allowed
 *      T/site/way-out  ->   T/secret
 *      T/secret             is not
 *      T/sockets/leftover   may be removed
 */
#include "cli/landlock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cli/confined.h"

enum { TCP_SINCE = 4 };

static char top[64];

static const char *path(const char *name)
{
    static char whole[200];
    snprintf(whole, sizeof whole, "%s/%s", top, name);
    return whole;
}

static void put(const char *name)
{
    int fd = open(path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int make_tree(void **state)
{
    (void)state;
    char target[200];
    strcpy(top, "/tmp/weft-landlock-XXXXXX");
    assert_non_null(mkdtemp(top));
    assert_int_equal(mkdir(path("site"), 0700), 0);
    assert_int_equal(mkdir(path("sockets"), 0700), 0);
    put("secret");
    put("site/page");
    put("sockets/leftover");
    snprintf(target, sizeof target, "%s/secret", top);
    assert_int_equal(symlink(target, path("site/way-out")), 0);
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    static const char *const files[] = {"secret", "site/page", "site/later", "site/way-out",
                                        "sockets/leftover"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) unlink(path(files[i]));
    rmdir(path("site"));
    rmdir(path("sockets"));
    return rmdir(top);
}

static void need_landlock(void)
{
    struct landlock l;
    int r = landlock_open(&l);
    landlock_close(&l);
    if (r == -ENOSYS || r == -EOPNOTSUPP) skip();
    assert_int_equal(r, 0);
}

static struct landlock enter(void)
{
    struct landlock l;
    HOLDS(landlock_open(&l) == 0);
    HOLDS(landlock_allow(&l, path("site"), LANDLOCK_READ) == 0);
    HOLDS(landlock_allow(&l, path("sockets"), LANDLOCK_REMOVE) == 0);
    HOLDS(landlock_allow(&l, path("nowhere"), LANDLOCK_READ) == -ENOENT);
    HOLDS(landlock_enter(&l) == 0);
    landlock_close(&l);
    return l;
}

static int try_open(const char *name, int flags)
{
    int fd = open(path(name), flags | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    close(fd);
    return 0;
}

static void read_files(void)
{
    enter();
    HOLDS(try_open("site/page", O_RDONLY) == 0);
    HOLDS(try_open("secret", O_RDONLY) == -EACCES);
    HOLDS(try_open("site/../secret", O_RDONLY) == -EACCES);
    HOLDS(try_open("site/way-out", O_RDONLY) == -EACCES);
    HOLDS(try_open("site", O_RDONLY | O_DIRECTORY) == -EACCES);
    HOLDS(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
}

static void test_nothing_outside_can_be_read_links_or_not(void **state)
{
    (void)state;
    need_landlock();
    assert_clean(confined(read_files, NULL, 0));
}

static void change_files(void)
{
    enter();
    HOLDS(try_open("site/page", O_WRONLY) == -EACCES);
    HOLDS(try_open("site/later", O_WRONLY | O_CREAT) == -EACCES);
    HOLDS(unlink(path("site/page")) < 0 && errno == EACCES);
    HOLDS(unlink(path("secret")) < 0 && errno == EACCES);
    HOLDS(unlink(path("sockets/leftover")) == 0);
    HOLDS(try_open("sockets/again", O_WRONLY | O_CREAT) == -EACCES);
}

static void test_nothing_can_be_changed_but_sockets_removed(void **state)
{
    (void)state;
    need_landlock();
    assert_clean(confined(change_files, NULL, 0));
}

static void replace_and_read(void)
{
    int ends[2];
    HOLDS(pipe(ends) == 0);
    pid_t other = fork();
    HOLDS(other >= 0);
    if (other == 0) {
        char go;
        HOLDS(read(ends[0], &go, 1) == 1);
        put("sockets/new");
        char from[200];
        strcpy(from, path("sockets/new"));
        HOLDS(rename(from, path("site/later")) == 0);
        _exit(0);
    }
    enter();
    HOLDS(write(ends[1], "", 1) == 1);
    int status;
    HOLDS(waitpid(other, &status, 0) == other && status == 0);
    HOLDS(try_open("site/later", O_RDONLY) == 0);
}

static void test_a_file_that_comes_later_by_rename_can_be_read(void **state)
{
    (void)state;
    need_landlock();
    assert_clean(confined(replace_and_read, NULL, 0));
}

static void reach_out(void)
{
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    HOLDS(bind(listening, (struct sockaddr *)&a, len) == 0 && listen(listening, 1) == 0);
    HOLDS(getsockname(listening, (struct sockaddr *)&a, &len) == 0);

    if (enter().abi < TCP_SINCE) return;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    HOLDS(connect(fd, (struct sockaddr *)&a, len) < 0 && errno == EACCES);
    a.sin_port = 0;
    HOLDS(bind(fd, (struct sockaddr *)&a, len) < 0 && errno == EACCES);
}

static void test_no_address_is_bound_or_connected_to(void **state)
{
    (void)state;
    need_landlock();
    assert_clean(confined(reach_out, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_outside_can_be_read_links_or_not),
        cmocka_unit_test(test_nothing_can_be_changed_but_sockets_removed),
        cmocka_unit_test(test_a_file_that_comes_later_by_rename_can_be_read),
        cmocka_unit_test(test_no_address_is_bound_or_connected_to),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
