/* SPDX-License-Identifier: MIT
 *
 * cli/bench_report.h - what came of a bench: for people, and as one line of JSON
 */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include <stdio.h>

#include "cli/bench_wanted.h"
#include "cli/bench_watch.h"
#include "cli/blame.h"
#include "cli/histogram.h"

struct bench_result {
    double seconds;
    uint64_t open, opened, failed, messages, bytes, published, unanswered;
    bool interrupted, deflated;
    struct histogram latency, opening;
    struct blame blame;
    /* before anything is open; around what was measured */
    struct bench_usage server_first, server[2], self_first, self[2];
};

void bench_report_text(FILE *to, const struct bench_options *o, const struct bench_result *r);
void bench_report_json(FILE *to, const struct bench_options *o, const struct bench_result *r);

/* "1,402" and "226 us", "1.24 ms": in a buffer of BENCH_TEXT, which is returned. */
enum { BENCH_TEXT = 48 };
const char *bench_print_count(char *text, double n);
const char *bench_print_time(char *text, double ns);
const char *bench_print_bytes(char *text, double bytes);

/* "msg", "delivery" or "handshake". */
const char *bench_unit(const struct bench_options *o);

#endif
