/* SPDX-License-Identifier: MIT
 *
 * cli/passed.c - LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES
 */
#include "cli/passed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/snapshot.h"

enum { FIRST = 3, MOST = 1024 };

/* A number that is all of the text; -1: it is none. */
static int number(const char *text)
{
    char *end;
    long n = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
    return n < 0 || *end || n > 1 << 30 ? -1 : (int)n;
}

static int count(void)
{
    int n = number(getenv("LISTEN_PID")) == (int)getpid() ? number(getenv("LISTEN_FDS")) : 0;
    return n < 0 ? 0 : n < MOST ? n : MOST;
}

/* Of names between colons: whether the nth is the snapshot's. */
static bool is_snapshot(int nth)
{
    const char *name = getenv("LISTEN_FDNAMES");
    for (; name && nth; nth--) name = (name = strchr(name, ':')) ? name + 1 : NULL;
    size_t len = strlen(SNAPSHOT_NAME);
    return name && !strncmp(name, SNAPSHOT_NAME, len) && (!name[len] || name[len] == ':');
}

int passed_socket(int nth)
{
    for (int i = 0, n = count(); i < n; i++)
        if (!is_snapshot(i) && nth-- == 0) return FIRST + i;
    return -1;
}

int passed_sockets(void)
{
    int n = 0;
    while (passed_socket(n) >= 0) n++;
    return n;
}

int passed_snapshot(void)
{
    for (int i = 0, n = count(); i < n; i++)
        if (is_snapshot(i)) return FIRST + i;
    return -1;
}

void passed_forget(void)
{
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}
