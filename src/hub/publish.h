/* SPDX-License-Identifier: MIT
 *
 * hub/publish.h - to append, at once or when it is one's turn
 */
#ifndef HUB_PUBLISH_H
#define HUB_PUBLISH_H

#include "hub/part.h"
#include "hub/topic.h"

/* The topic of that name, as a reference; NULL in *out, and no error: nobody would ever know what is published there.
 * */
int publish_find(weft_hub *h, const char *topic, weft_topic **out);

/* Under the topic's lock: whoever is first in line has his turn, if it may be. */
void publish_pump(weft_topic *t, struct wakes *w);

/* The same, when the hub is closing: all who wait have theirs, for nothing. */
void publish_end_turns(struct part *p);

/* In the part's thread: those who were given their turn have it. */
void publish_run_turns(struct part *p);

#endif
