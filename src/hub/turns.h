/* SPDX-License-Identifier: MIT
 *
 * hub/turns.h - those who wait until they may publish
 *
 *      weft_topic_wait: in the topic's line (hub/pace.h), and among the part's waiting
 *      turns_pump: the first in line has his turn, if it may be: a task of his part
 *      on_turn, in his thread: one publish is let through; then it is the next one's
 */
#ifndef HUB_TURNS_H
#define HUB_TURNS_H

#include "hub/topic.h"

/* Under the topic's lock: whether something may be published now, by whoever is first. */
bool turns_allow(weft_topic *t);

/* The same: who is first in line has his turn, if it may be. */
void turns_pump(weft_topic *t, struct wakes *w);

/* The same: whether it is the turn of whoever publishes in this thread; it is then no longer. */
bool turns_take(const weft_topic *t);

/* In the part's thread, when the hub is closing: all who wait have theirs, for nothing. */
void turns_end(struct part *p);

#endif
