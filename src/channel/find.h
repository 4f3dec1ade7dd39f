/* SPDX-License-Identifier: MIT
 *
 * channel/find.h - the topic of a channel, which is made if there is none: not by one address without end
 */
#ifndef CHANNEL_FIND_H
#define CHANNEL_FIND_H

#include "channel/channels.h"
#include "channel/refusal.h"

/* In the thread of l, for peer (may be NULL). *out becomes the caller's. 0; or -1, and why: 429, 503. */
int find_topic(weft_topic **out, weft_channels *c, weft_bytes name, const weft_loop *l,
               const weft_peer *peer, struct refusal *why);

#endif
