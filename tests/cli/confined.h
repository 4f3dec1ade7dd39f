/* SPDX-License-Identifier: MIT
 *
 * confined.h - run a function in a child that may shut itself in
 *
 * What happens to the child is for ever, so each test has one of its own. A child that crashes says so
 * by its status; expectations in it are HOLDS(...), because cmocka's would be lost.
 */
#ifndef TESTS_CLI_CONFINED_H
#define TESTS_CLI_CONFINED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HOLDS(what)                                                                 \
    do {                                                                            \
        if (!(what)) {                                                              \
            dprintf(2, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #what, errno); \
            _exit(1);                                                               \
        }                                                                           \
    } while (0)

/* The status of wait(); what it wrote on stderr is in said, if that is not NULL. */
static inline int confined(void (*run)(void), char *said, size_t size)
{
    int ends[2] = {-1, -1}, status;
    assert_true(!said || pipe(ends) == 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (said) dup2(ends[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    if (said) {
        close(ends[1]);
        size_t len = 0;
        for (ssize_t n; len < size - 1 && (n = read(ends[0], said + len, size - 1 - len)) > 0;)
            len += (size_t)n;
        said[len] = 0;
        close(ends[0]);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static inline void assert_clean(int status)
{
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
