/* SPDX-License-Identifier: MIT
 *
 * channel/subscription.h - what a session reads
 */
#ifndef CHANNEL_SUBSCRIPTION_H
#define CHANNEL_SUBSCRIPTION_H

#include "channel/command.h"
#include "channel/session.h"

void session_subscribe(struct session *s, const struct command *c);
void session_unsubscribe(struct session *s, const struct command *c);

/* What a channel is read for: somebody has named it, or a pattern means it. */
enum { FOR_ITSELF = 1, FOR_PATTERN = 2 };

/* A reader for a topic, from where since says. 0, or as weft_reader_begin, and -ENOSPC: it has too many. Who is
 * subscribed already stays as he is, for that, too: *seek is where he is. */
int session_read(struct session *s, weft_topic *t, const weft_since *since, unsigned for_what,
                 weft_seek *seek);

/* Whether he reads it already; if so, for that, too. */
bool session_reads(struct session *s, weft_bytes channel, unsigned for_what);

/* He reads those for which is_it is true no more for that; and not at all, where there is nothing else. */
void session_leave(struct session *s, bool (*is_it)(weft_bytes channel, weft_bytes name),
                   weft_bytes name, unsigned for_what);

/* What it reads, but for what it ends meanwhile. */
void session_each_read(struct session *s,
                       void (*what)(struct session *s, weft_bytes name, unsigned right));

/* He is known now, and so is on all these channels as who he is. */
void session_is_known(struct session *s);

/* Whether there is room for another subscription. Each channel that is read is one, and so is each pattern. */
bool session_has_place(const struct session *s);
int session_refuse_more(struct refusal *why);

#endif
