/* SPDX-License-Identifier: MIT
 *
 * cli/history.c - lines typed in earlier sessions
 */
#include "cli/history.h"

#include <editline/readline.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES = 1000 };

static bool find_file(char path[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (state && *state == '/') n = snprintf(path, PATH_MAX, "%s/weft/history", state);
    else if (home && *home) n = snprintf(path, PATH_MAX, "%s/.local/state/weft/history", home);
    return n > 0 && n < PATH_MAX;
}

static void make_parents(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
}

void history_load(void)
{
    char path[PATH_MAX];
    using_history();
    stifle_history(LINES);
    if (find_file(path)) read_history(path);
}

void history_save(void)
{
    char path[PATH_MAX];
    if (!find_file(path)) return;
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return;
    close(fd);
    write_history(path);
}
