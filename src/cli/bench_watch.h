/* SPDX-License-Identifier: MIT
 *
 * cli/bench_watch.h - the process that is measured, from outside
 */
#ifndef CLI_BENCH_WATCH_H
#define CLI_BENCH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct bench_usage {
    uint64_t at;              /* bench_clock */
    uint64_t cpu_ns;          /* of all its threads, those that have ended too */
    uint64_t user_ns, sys_ns; /* the same in two, in steps of 10 ms */
    uint64_t rss;             /* bytes */
};

/* CPU time between the two, for each second of it: 1 is one core. */
double bench_usage_share(const struct bench_usage *from, const struct bench_usage *to);

/* pid 0: this process. false: there is no such process. */
bool bench_usage_read(uint64_t pid, struct bench_usage *u);

#endif
