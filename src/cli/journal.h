/* SPDX-License-Identifier: MIT
 *
 * cli/journal.h - lines of a log, on a descriptor that nobody may be reading from
 *
 * A line is written, or dropped and counted: the loop never waits for who reads. The count is told in front of the next
 * line for which there is room. Lines are whole: what did not fit of one comes before all others.
 *
 * The descriptor may be shared with other programs, so its mode stays as it is: a pipe or terminal is opened once more,
 * in a mode of our own, before the sandbox.
 */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { JOURNAL_LINE_MAX = 4096 };

struct journal {
    int fd;  /* to write to */
    int own; /* to be closed; -1: fd is the caller's */
    pthread_mutex_t lock;
    uint64_t dropped; /* lines, since it was last told */
    uint64_t told;    /* those before that */
    char rest[JOURNAL_LINE_MAX];
    size_t rest_len;
};

void journal_init(struct journal *j, int fd);

/* From any thread. A line is cut to fit JOURNAL_LINE_MAX; the newline is added. */
void journal_write(struct journal *j, const char *line);

/* Lines that were dropped since the start. From any thread. */
uint64_t journal_dropped(struct journal *j);

/* Tell what was dropped, if there is room, and end. */
void journal_deinit(struct journal *j);

#endif
