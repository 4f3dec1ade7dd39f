/* SPDX-License-Identifier: MIT
 *
 * hub/silence.h - what readers are told when there is nothing to tell
 *
 * Those of a topic on one loop who keep up have all been told the same, so silence is the local's, and one timer does
 * for all of them. Who is behind is not told: he has something to hear.
 */
#ifndef HUB_SILENCE_H
#define HUB_SILENCE_H

#include "hub/local.h"

/* From now on there is a reader of that type. 0 or -ENOMEM. */
int silence_watch(struct local *l, const weft_reader_type *type);
void silence_free(struct local *l);

/* Those who keep up are being told something. */
static inline void silence_ends(struct local *l)
{
    if (l->silence) l->told = weft_loop_now(l->stand.part->loop);
}

#endif
