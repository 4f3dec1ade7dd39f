/* SPDX-License-Identifier: MIT
 *
 * cli/access_log.h - a line for each request, and for each WebSocket that has ended: --access-log FILE|-
 *
 *      combined   192.0.2.1 - - [30/Nov/2026:21:13:56 +0000] "GET /chat HTTP/1.1" 200 25 "-" "curl/7.88" "4f2a91c3-2a"
 *      json       {"time":"2026-11-30T21:13:56.120Z","id":"4f2a91c3-2a","kind":"request", ...}
 *
 * combined is what web servers have, with the request's id behind it: X-Request-Id of a proxy that is trusted, or one
 * that is made here. Tokens in URLs are "...".
 *
 *      loops, whole lines -> journal -> a pipe that does not block -> a thread -> the file
 *
 * So no loop waits for a disk. What does not fit into the pipe is dropped and counted (journal.h). The file is opened
 * before the sandbox, for appending, and not again: who turns logs over copies and truncates it.
 */
#ifndef CLI_ACCESS_LOG_H
#define CLI_ACCESS_LOG_H

#include <stdatomic.h>

#include <weft/server.h>

#include "cli/journal.h"

struct access_log {
    bool on, json, runs;
    struct journal journal;
    int file, pipe[2]; /* -1: none */
    pthread_t writer;
    uint32_t start; /* of the program, at random; ids begin with it */
    atomic_ullong made;
};

extern const char *const access_log_formats[]; /* combined, json */

/* path NULL: there is none; "-": stdout. 0, or an exit code after having complained; it must be closed either way. */
int access_log_open(struct access_log *a, const char *path, const char *format);

/* Behind the sandbox. Lines wait until then. 0, or an exit code. */
int access_log_start(struct access_log *a);
void access_log_close(struct access_log *a);

/* From any thread. */
void access_log_write(struct access_log *a, const weft_access *of);

#endif
