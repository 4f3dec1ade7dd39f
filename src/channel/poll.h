/* SPDX-License-Identifier: MIT
 *
 * channel/poll.h - the answer to a poll: what came after a position, and how far that reaches
 *
 *      {"channel":"/chat","position":P,"messages":[...],"lost":7,"more":true}
 *
 * It is cut behind 1,000 messages, or where it would pass 256 KiB, but never in front of the first one; what is left
 * out is announced by more, and is after the position, which is that of the last message in it.
 *
 *      poll_init      poll_add, until it says false     poll_end
 */
#ifndef CHANNEL_POLL_H
#define CHANNEL_POLL_H

#include <weft/topic.h>

#include "channel/text.h"

enum { POLL_BYTES_MAX = 256 << 10, POLL_MESSAGES_MAX = 1000 };

struct poll {
    weft_bytes channel; /* kept */
    weft_position at;
    uint64_t lost;
    struct text messages;
    size_t n;
    bool cut;
};

/* seek: where it begins, and what is lost in front of that. */
void poll_init(struct poll *p, const weft_env *env, weft_bytes channel, const weft_seek *seek);
void poll_deinit(struct poll *p);

/* The next message. false: there is no room for it, nor for those behind it. */
bool poll_add(struct poll *p, const weft_entry *e, uint64_t skipped);

/* Add the answer to a text, without an end of line; more: the caller knows of messages that he did not add. The text
 * has failed if any of it has. */
void poll_end(const struct poll *p, bool more, struct text *to);

#endif
