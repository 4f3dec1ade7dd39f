/* SPDX-License-Identifier: MIT
 *
 * cli/journal.c - lines of a log, on a descriptor that nobody may be reading from
 *
 *      pipe, terminal     opened once more, without blocking
 *      socket             told at each write not to block
 *      file, and whatever cannot be opened      as it is, when it says that it can be written
 */
#include "cli/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not of a file: it would be written from its start. */
static int open_once_more(int fd)
{
    char path[32];
    struct stat s;
    if (fstat(fd, &s) < 0 || !(S_ISFIFO(s.st_mode) || isatty(fd))) return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void journal_init(struct journal *j, int fd)
{
    *j = (struct journal){.fd = fd, .own = open_once_more(fd)};
    if (j->own >= 0) j->fd = j->own;
    pthread_mutex_init(&j->lock, NULL);
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool has_room(const struct journal *j)
{
    struct pollfd p = {.fd = j->fd, .events = POLLOUT};
    return j->own >= 0 || (poll(&p, 1, 0) == 1 && p.revents & POLLOUT);
}

/* How much of it was written; 0 also when nobody will ever read it. */
static size_t put(const struct journal *j, const char *text, size_t len)
{
    ssize_t n = send(j->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK && has_room(j)) n = write(j->fd, text, len);
    return n > 0 ? (size_t)n : 0;
}

static void put_rest(struct journal *j)
{
    size_t n = put(j, j->rest, j->rest_len);
    j->rest_len -= n;
    memmove(j->rest, j->rest + n, j->rest_len);
}

/* Whether it was begun; what did not fit will follow. */
static bool put_line(struct journal *j, const char *line)
{
    if (j->rest_len) put_rest(j);
    if (j->rest_len) return false;
    size_t len = strnlen(line, sizeof j->rest - 1);
    memcpy(j->rest, line, len);
    j->rest[len] = '\n';
    j->rest_len = len + 1;
    put_rest(j);
    bool begun = j->rest_len <= len;
    if (!begun) j->rest_len = 0;
    return begun;
}

static void tell_dropped(struct journal *j)
{
    char line[100];
    snprintf(line, sizeof line,
             "weft: lines of the log that nobody read, and were dropped: %" PRIu64, j->dropped);
    if (!put_line(j, line)) return;
    j->told += j->dropped;
    j->dropped = 0;
}

uint64_t journal_dropped(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    uint64_t n = j->told + j->dropped;
    pthread_mutex_unlock(&j->lock);
    return n;
}

void journal_write(struct journal *j, const char *line)
{
    pthread_mutex_lock(&j->lock);
    if (j->dropped) tell_dropped(j);
    if (j->dropped || !put_line(j, line)) j->dropped++;
    pthread_mutex_unlock(&j->lock);
}

void journal_deinit(struct journal *j)
{
    if (j->dropped) tell_dropped(j);
    if (j->rest_len) put_rest(j);
    if (j->own >= 0) close(j->own);
    pthread_mutex_destroy(&j->lock);
}
