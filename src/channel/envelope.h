/* SPDX-License-Identifier: MIT
 *
 * channel/envelope.h - what is said of a channel, as JSON: the same in weft.v1, in streams and in polls
 *
 *      {"channel":"/chat","position":"k3f9a2c1.42","time":1795309464468,"data":"hi"}
 *      {"channel":"/chat","position":"k3f9a2c1.43","time":1795309464469,"key":"ACME","skipped":2,"base64":"AAE="}
 *      {"channel":"/chat","lost":7,"position":"k3f9a2c1.50"}
 *      {"channel":"/chat","presence":{"count":1,"members":[{"client":"ann","verified":false}]}}
 *
 * Each function adds one object, without an end of line.
 */
#ifndef CHANNEL_ENVELOPE_H
#define CHANNEL_ENVELOPE_H

#include <weft/topic.h>

#include "channel/text.h"

/* A position, in quotes. */
void envelope_add_position(struct text *to, const weft_position *p);

/* "lost": and how many; null where nobody can know. No comma around it. */
void envelope_add_lost(struct text *to, uint64_t lost);

/* Where an entry of a log with this epoch is. */
weft_position envelope_position(const char *epoch, const weft_entry *e);

/* A message. epoch is the channel's; skipped: so many before it were left out on purpose. */
void envelope_message(struct text *to, weft_bytes channel, const char *epoch, const weft_entry *e,
                      uint64_t skipped);

/* So many in front of at are gone; WEFT_LOST_UNKNOWN. All up to there is accounted for. */
void envelope_lost(struct text *to, weft_bytes channel, uint64_t lost, const weft_position *at);

/* Who is there, as presence.h writes it. */
void envelope_presence(struct text *to, weft_bytes channel, weft_bytes presence);

#endif
