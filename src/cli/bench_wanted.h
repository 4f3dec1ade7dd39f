/* SPDX-License-Identifier: MIT
 *
 * cli/bench_wanted.h - weft bench: what is wanted
 *
 *      bench_options   flags to a struct bench_options, checked
 *      bench_messages  what is sent, made once, and whether what comes back is it
 *      bench_worker    one thread, one loop, its share of the connections
 *      bench_echo, bench_channel, bench_storm, bench_idle, bench_post      the workloads; bench_rate when they have one
 *      bench_reader    a connection by plain HTTP: a subscriber, or one who posts
 *      bench_watch     the process that is measured, from outside
 *      bench_report    what came of it
 */
#ifndef CLI_BENCH_WANTED_H
#define CLI_BENCH_WANTED_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <weft/client.h>

#include "cli/channel_url.h"
#include "cli/connect.h"

enum bench_kind { BENCH_ECHO, BENCH_CHANNEL, BENCH_STORM, BENCH_IDLE, BENCH_POST };

/* How a channel is read, in the words of weft sub. */
enum bench_via { BENCH_WS, BENCH_SSE, BENCH_STREAM, BENCH_RAW, BENCH_LONGPOLL };
extern const char *const bench_via_names[];

enum { BENCH_SIZES = 16, BENCH_STAMP = 16 };

struct bench_options {
    enum bench_kind kind;
    enum bench_via via;
    struct flag_list urls;  /* complete; connection i takes url i modulo n */
    struct flag_list shown; /* the same without user and password */

    uint64_t connections; /* of channels: all members */
    uint64_t publishers;  /* of those; the first ones */
    uint64_t depth, threads, parallel;
    uint64_t sizes[BENCH_SIZES]; /* one after the other */
    size_t n_sizes;
    uint64_t rate;             /* messages per second of all; 0: as fast as the replies come */
    uint64_t count;            /* messages (storm: handshakes) in all; 0: no end */
    uint64_t duration, warmup; /* ms; WEFT_NEVER: no end */
    weft_opcode opcode;
    bool utf8, reset, json, unverified;
    uint64_t pid; /* 0: nobody is watched */

    struct flag_list headers, subprotocols;
    const char *credentials, *proxy, *origin;
    struct connect_trust trust;
    const weft_deflate *deflate;

    struct channel_url *channels;  /* of urls, where there is plain HTTP; else NULL */
    struct connect_options access; /* the same as above, for that */
};

/* Fills *o; 0, an exit code after having complained, or BENCH_HELP after having printed that. Free with
 * bench_options_free in any case. */
enum { BENCH_HELP = -1 };
int bench_options_parse(struct bench_options *o, int argc, char **argv);
void bench_options_free(struct bench_options *o);

/* The clock of everything in bench: nanoseconds. */
static inline uint64_t bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
