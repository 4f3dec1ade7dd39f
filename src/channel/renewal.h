/* SPDX-License-Identifier: MIT
 *
 * channel/renewal.h - a session shows another token: {"id":5,"token":"..."}
 */
#ifndef CHANNEL_RENEWAL_H
#define CHANNEL_RENEWAL_H

#include "channel/command.h"
#include "channel/session.h"

/* In place of what it was granted before. It is not read from until that is decided. */
void session_renew(struct session *s, const struct command *c);

#endif
