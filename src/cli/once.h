/* SPDX-License-Identifier: MIT
 *
 * cli/once.h - what is to be said once
 */
#ifndef CLI_ONCE_H
#define CLI_ONCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ONCE_MAX = 64 }; /* texts; what is new behind them is not said: strangers choose them */

struct once {
    pthread_mutex_t lock;
    uint64_t said[ONCE_MAX];
    size_t n;
};

void once_init(struct once *o);
void once_deinit(struct once *o);

/* From any thread: whether this text was not there before. */
bool once(struct once *o, const char *text);

#endif
