/* SPDX-License-Identifier: MIT
 *
 * channel/publishing.h - what a session publishes
 */
#ifndef CHANNEL_PUBLISHING_H
#define CHANNEL_PUBLISHING_H

#include "channel/command.h"
#include "channel/session.h"

void session_publish(struct session *s, const struct command *c);

#endif
