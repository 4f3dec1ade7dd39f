/* SPDX-License-Identifier: MIT
 *
 * cli/histogram.h - how often which value: percentiles of any number of samples in bounded memory
 *
 * Log-linear: each power of two is cut into 128 equal steps, so a value is known to within 0.8 %, and
 * below 128 exactly. From 2^41 on (as nanoseconds: 36 minutes) everything is the same; only max still
 * knows.
 */
#ifndef CLI_HISTOGRAM_H
#define CLI_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_STEP_BITS = 7,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_STEP_BITS,
    HISTOGRAM_TOP_BITS = 41,
    HISTOGRAM_SIZE = (HISTOGRAM_TOP_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS
};

/* All zero is empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_SIZE];
    uint64_t total, min, max;
    double sum;
};

void histogram_add(struct histogram *h, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The smallest value that at least this share of the samples (0 to 1) does not exceed, rounded up to the
 * end of its step but not above max; 0 without samples. */
uint64_t histogram_at(const struct histogram *h, double share);

double histogram_mean(const struct histogram *h); /* 0 without samples */

#endif
