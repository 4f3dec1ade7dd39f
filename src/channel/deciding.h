/* SPDX-License-Identifier: MIT
 *
 * channel/deciding.h - whether a session may have a command done
 */
#ifndef CHANNEL_DECIDING_H
#define CHANNEL_DECIDING_H

#include "channel/command.h"
#include "channel/session.h"

/* A command that is in order: obey does it, now, or when it is decided that he may; else he is told. text: what it was
 * read from. */
void session_decide(struct session *s, const struct command *c, weft_bytes text,
                    void (*obey)(struct session *s, const struct command *c));

#endif
