/* SPDX-License-Identifier: MIT
 *
 * channel/seeing.h - whom a session sees
 */
#ifndef CHANNEL_SEEING_H
#define CHANNEL_SEEING_H

#include "channel/command.h"
#include "channel/session.h"

void session_presence(struct session *s, const struct command *c);

/* He looks on from now on, and is told what he sees: *now gets it, or if it is NULL he is. As board_join. */
int session_look_on(struct session *s, weft_topic *t, struct text *now);
void session_look_away(struct session *s, weft_bytes channel);

/* Where it looks on; what may have it look away there. */
void session_each_seen(struct session *s,
                       void (*what)(struct session *s, weft_bytes name, unsigned right));

#endif
