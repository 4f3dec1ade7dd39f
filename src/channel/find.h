/* SPDX-License-Identifier: MIT
 *
 * channel/find.h - the topic of a channel, which is made if there is none: not by one address without end
 */
#ifndef CHANNEL_FIND_H
#define CHANNEL_FIND_H

#include "channel/channels.h"
#include "channel/refusal.h"

/* Who asks: by one of the two. Who that is in words is only looked at where a channel is made. */
struct asker {
    weft_request *request;
    weft_conn *conn;
};

/* *out becomes the caller's. 0; or -1, and why: 429, 503. */
int find_topic(weft_topic **out, weft_channels *c, weft_bytes name, struct asker who,
               struct refusal *why);

#endif
