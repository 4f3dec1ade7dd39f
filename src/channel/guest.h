/* SPDX-License-Identifier: MIT
 *
 * channel/guest.h - somebody with a name, on one channel: as long as what carries him reads it
 *
 *      a WebSocket, a stream       hangs on it, and goes with it
 *      a long poll                 guest_leave, when it is answered
 *      any other poll              guest_passes: he has come and gone
 *
 * Who has no name, or is on a channel without presence, or for whom there is no room, is no guest, and costs nothing:
 * he counts as a reader without a name.
 */
#ifndef CHANNEL_GUEST_H
#define CHANNEL_GUEST_H

#include "channel/channels.h"
#include "channel/refusal.h"
#include "channel/who.h"

struct guest;

/* Whether who is on it is known. 0; or -1, and why: 403. */
int guest_check(const weft_channels *c, const char *channel, struct refusal *why);

/* In l's thread. NULL: he is no guest. */
struct guest *guest_come(weft_channels *c, weft_topic *t, weft_loop *l, struct who who, bool reads);
void guest_leave(struct guest *g); /* NULL is fine */

void guest_passes(weft_channels *c, weft_topic *t, weft_loop *l, struct who who);

void guest_on_conn(weft_channels *c, weft_topic *t, weft_conn *conn, struct who who);
void guest_on_reply(weft_channels *c, weft_topic *t, weft_reply *reply, struct who who);

/* He does not read this channel any more. */
void guest_leaves_conn(weft_conn *conn, const weft_topic *t);

#endif
