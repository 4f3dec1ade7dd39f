/* SPDX-License-Identifier: MIT
 *
 * access/pattern.h - which channels are meant: one, those one level below, all below
 *
 *      /quotes/ACME        one channel
 *      /quotes/ *          each one level below          (stars stand apart here only: behind a slash
 *      /quotes/ **         all below, at any depth        they would be C's)
 *
 * Two patterns either have no channel in common, or one of them covers the other. So of all that match a name one is
 * the most specific: the name itself, or the longest in front of its stars, one star before two.
 */
#ifndef ACCESS_PATTERN_H
#define ACCESS_PATTERN_H

#include <weft/base.h>

#include "access/why.h"

enum { CHANNEL_PATTERN_MAX = 255 };

enum channel_reach { CHANNEL_ONE, CHANNEL_LEVEL, CHANNEL_BELOW };

struct channel_pattern {
    weft_bytes
        prefix; /* the name, or what stands in front of the stars; it lies in the text that was read */
    enum channel_reach reach;
};

/* false, and why: the text is no pattern. It is borrowed. */
bool channel_pattern_read(struct channel_pattern *out, weft_bytes text, struct why *why);

bool channel_pattern_matches(const struct channel_pattern *p, weft_bytes name);

/* Whether whatever b matches, a matches too. */
bool channel_pattern_covers(const struct channel_pattern *a, const struct channel_pattern *b);

bool channel_pattern_equal(const struct channel_pattern *a, const struct channel_pattern *b);

#endif
