/* SPDX-License-Identifier: MIT
 *
 * channel/refusal.h - why something is not done: a status, and a sentence for who asked
 *
 * The sentence says what is wrong and what would be right. It is UTF-8 without a full stop at its end, and goes into
 * HTTP's error bodies and the error messages of weft.v1 alike, as the code does.
 */
#ifndef CHANNEL_REFUSAL_H
#define CHANNEL_REFUSAL_H

#include <stdint.h>

enum { REFUSAL_WORDS = 448 }; /* a channel's name, and what there is to say about it */

struct refusal {
    int code;          /* an HTTP status */
    uint64_t retry_ms; /* when it may be tried again; 0: that is no help */
    char words[REFUSAL_WORDS];
};

/* Fills in; words that are too long are cut between characters. Returns -1, so that it can be returned. */
int refusal_write(struct refusal *why, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 503, to be tried again in a second. Returns -1. */
int refusal_no_memory(struct refusal *why);

#endif
