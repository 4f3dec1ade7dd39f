/* SPDX-License-Identifier: MIT
 *
 * cli/metrics_text.h - figures as Prometheus reads them: the text format, version 0.0.4
 *
 *      # HELP weft_refusals_total Requests and upgrades that were refused.
 *      # TYPE weft_refusals_total counter
 *      weft_refusals_total{status="429"} 3
 *
 * A family, then its samples; a sample's labels, then its value:
 *
 *      struct metrics_text t = {.out = &buffer};
 *      metrics_family(&t, "weft_refusals_total", "counter", "Requests and upgrades that were refused.");
 *      metrics_label(&t, "status", "429");
 *      metrics_count(&t, 3);
 *
 * Counts are written to the last digit, though who reads them may keep 53 bits of it.
 */
#ifndef CLI_METRICS_TEXT_H
#define CLI_METRICS_TEXT_H

#include "cli/buffer.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { METRICS_BUCKETS = 13 };

/* How long things took, each counted in the first bucket that it fits into; what is longer is in the last one. */
struct metrics_histogram {
    uint64_t buckets[METRICS_BUCKETS + 1];
    uint64_t sum_us;
};

struct metrics_text {
    struct buffer *out;
    const char *name; /* of the family */
    bool labelled;    /* the sample's labels are open */
};

/* All of these are kept until the family's last sample is written. type: "counter", "gauge", "histogram". */
void metrics_family(struct metrics_text *t, const char *name, const char *type, const char *help);
void metrics_label(struct metrics_text *t, const char *name, const char *value);
void metrics_count(struct metrics_text *t, uint64_t value);
void metrics_real(struct metrics_text *t, double value);
void metrics_spread(struct metrics_text *t, const struct metrics_histogram *h);

/* The bucket for so long. */
unsigned metrics_bucket(uint64_t us);

#endif
