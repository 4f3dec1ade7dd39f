/* SPDX-License-Identifier: MIT
 *
 * channel/look.h - requests that are answered at once: polls, a look, where the channel is; and to drop what it keeps
 *
 * All consume the visit.
 */
#ifndef CHANNEL_LOOK_H
#define CHANNEL_LOOK_H

#include "channel/poll.h"
#include "channel/visit.h"

void look_answer(visit *v);
void look_presence(visit *v);
void look_position(visit *v);
void look_drop(visit *v);

/* The poll that says what came after since. More in it: there are messages that have no room in it. */
void look_read(struct poll *p, const weft_env *env, weft_topic *t, const weft_since *since,
               bool *more);

#endif
