/* SPDX-License-Identifier: MIT
 *
 * channel/pattern.h - standing orders: a session joins each channel one level below
 *
 *      subscribe -> a pattern -> walk over the channels that are there ---------------.
 *                      |                                                              v
 *      hub: one is made -> orders of this loop: whose patterns mean it? -> may he read it? -> a subscription, and it
 *                                                                                             is said where that begins
 *
 * A channel that a pattern has joined is a subscription like any other, which its session reads for that pattern, or
 * also for itself. A channel lies on one level, so one session has at most one pattern that means it.
 *
 * Where it begins is settled when it is met: the decision whether he may can come later, and what is published
 * meanwhile is his. One that is there when the pattern comes begins where last says; one that is made later with its
 * first message (hub/lookout.h).
 */
#ifndef CHANNEL_PATTERN_H
#define CHANNEL_PATTERN_H

#include "channel/command.h"
#include "channel/session.h"

void pattern_subscribe(struct session *s, const struct command *c);
void pattern_unsubscribe(struct session *s, const struct command *c);

/* The same without an answer. */
void pattern_end(struct session *s, weft_bytes name);

void session_each_pattern(struct session *s,
                          void (*what)(struct session *s, weft_bytes name, unsigned right));

/* The connection is gone. */
void patterns_end(struct session *s);

#endif
