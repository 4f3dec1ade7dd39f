/* SPDX-License-Identifier: MIT
 *
 * cli/bench_messages.h - what is sent, made once
 *
 * Enough different messages that a compressor with takeover does not find the last one again. The same
 * in every run.
 */
#ifndef CLI_BENCH_MESSAGES_H
#define CLI_BENCH_MESSAGES_H

#include "cli/bench_wanted.h"

struct bench_messages {
    weft_message **items;
    weft_bytes *bytes; /* what is in them */
    uint32_t n;
    uint64_t largest;
};

/* Errors: -ENOMEM. bench_messages_free is fine after that. */
int bench_messages_init(struct bench_messages *m, const struct bench_options *o);
void bench_messages_free(struct bench_messages *m);

/* The time of sending, over the start of a copy of a message: BENCH_STAMP hexadecimal digits (it may be
 * text). */
void bench_stamp(char *data, uint64_t time);

#endif
