/* SPDX-License-Identifier: MIT
 *
 * cli/bench_reader.h - a connection of bench that is no WebSocket: a subscriber by plain HTTP, or one who posts
 *
 *      sse, stream, raw     GET -> head -> opened -> pieces ... -> it should not end
 *      longpoll             GET ?wait=0 -> position -> opened -> GET ?wait=60&since=P -> pieces -> end -> again
 *      post                 opened -> POST -> head -> end -> answered -> POST ...
 */
#ifndef CLI_BENCH_READER_H
#define CLI_BENCH_READER_H

#include "cli/bench_worker.h"
#include "cli/http.h"

enum { BENCH_POSITION_ROOM = 64 };

struct bench_reader {
    struct http http;
    struct bench_conn *conn;
    const char *
        marker; /* what stands in front of a message's stamp; how much of it, and of the stamp, is there */
    size_t matched;
    unsigned digits;
    char position[BENCH_POSITION_ROOM]; /* longpoll */
};

/* Whether c is one. */
bool bench_is_reader(const struct bench_conn *c);

/* It connects; bench_opened or bench_failed follows. 0, or an exit code after having complained. */
int bench_reader_open(struct bench_conn *c);

/* Dropped: nothing is told any more. */
void bench_reader_free(struct bench_conn *c);

/* POST a message. */
void bench_reader_post(struct bench_conn *c, weft_bytes message);

#endif
