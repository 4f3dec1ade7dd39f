/* SPDX-License-Identifier: MIT
 *
 * channel/conversation.h - weft.v1: commands in, answers and envelopes out
 *
 *      text -> command -> may he? -> subscribe:  a reader of its own       -> ok, and then what it reads
 *                                    publish:    a parcel for the store    -> ok, when that is confirmed
 *                                    presence:   an onlooker               -> ok, and then who comes and goes
 */
#ifndef CHANNEL_CONVERSATION_H
#define CHANNEL_CONVERSATION_H

#include "channel/opening.h"
#include "channel/session.h"

/* On an open connection, of a socket that opens. NULL: there was no memory for it, and it closes. */
struct session *conversation_begin(struct socket *socket, weft_conn *c);
void conversation_hears(struct session *s, weft_opcode op, weft_bytes text);
void conversation_leaves(struct session *s, uint64_t return_ms);
void conversation_ends(struct session *s);

#endif
