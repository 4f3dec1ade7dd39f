/* SPDX-License-Identifier: MIT
 *
 * hub/pace.h - when publishers wait
 *
 * Each topic has a bucket: pace bytes a second, and a quarter of the window in it. As long as it is not empty
 * publishing goes on whatever readers do. When it is, it goes on as long as no reader is more than half the window
 * behind; else it waits for either. So nobody is measured, and nothing waits for ever: who takes less than the pace
 * falls out of the window in the end, and his policy applies.
 *
 * Those who wait stand in a line and are let through one by one, a message each. Who comes meanwhile stands behind
 * them.
 */
#ifndef HUB_PACE_H
#define HUB_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/topic.h>

/* All zero but for the tokens. */
struct pace {
    int64_t tokens; /* bytes; below 0: a debt */
    uint64_t since; /* us: when they were counted */
    weft_turn *first, *last;
    bool given; /* somebody has his turn */
};

enum { BURST_MIN = 4096, BURST_MAX = 1 << 30 };

static inline int64_t pace_burst(const weft_topic_settings *s)
{
    uint64_t burst = s->window_bytes / 4;
    return burst < BURST_MIN ? BURST_MIN : burst < BURST_MAX ? (int64_t)burst : BURST_MAX;
}

/* More come, as time goes by. */
void pace_refill(struct pace *p, const weft_topic_settings *s, uint64_t now_us);

/* Whether so much may be published, whatever readers do. */
static inline bool pace_allows(const struct pace *p, const weft_topic_settings *s)
{
    return s->pace == WEFT_NEVER || p->tokens > 0;
}

/* What was more than there was is made up for before the next one is allowed, up to a burst. */
void pace_spend(struct pace *p, const weft_topic_settings *s, uint64_t cost);

/* The line. */
void pace_stand(struct pace *p, weft_turn *turn);
void pace_leave(struct pace *p, const weft_turn *turn);

#endif
