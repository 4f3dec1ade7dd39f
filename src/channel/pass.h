/* SPDX-License-Identifier: MIT
 *
 * channel/pass.h - what somebody was granted besides rights: who he is, for how long, and the program's identity of him
 *
 *      weft_channel_ask_grant_as -> pass -> with the ask -> on a connection or a reply -> gone
 *                                             |                  |  [its time is over; may_stay says no]
 *                                             '-> gone           '-> he is told, and it ends
 *
 * On a connection it is a link, and belongs to it: so it is found there, and another takes its place when he shows
 * another token. Who was granted rights alone has none, and costs nothing.
 *
 * A loop's are in a list, for weft_channels_review.
 */
#ifndef CHANNEL_PASS_H
#define CHANNEL_PASS_H

#include "channel/channels.h"
#include "channel/who.h"

struct pass;

/* Whether it would have something to hold. */
bool pass_is_needed(const weft_channel_grant *g);

/* NULL: no memory; the identity is forgotten, as it is with the pass. */
struct pass *pass_new(weft_channels *c, weft_loop *l, const weft_channel_grant *g);
void pass_free(struct pass *p); /* NULL is fine; none that hangs somewhere */

/* It hangs there from now on, where none does. NULL is fine. warn: tell him that it holds for left_ms more; NULL: he is
 * not told. */
void pass_on_conn(struct pass *p, weft_conn *conn, void (*warn)(weft_conn *conn, uint64_t left_ms));

/* None hangs there any more. */
void pass_leaves_conn(weft_conn *conn);

/* end: have it end in good order, and the client come again. */
void pass_on_reply(struct pass *p, weft_reply *reply, void (*end)(weft_reply *reply));

struct pass *pass_of_conn(const weft_conn *conn); /* or NULL */

/* p may be NULL: then he is who he says, client, which may be NULL, too. */
struct who pass_who(const struct pass *p, const char *client);

/* All that is known. */
weft_channel_who pass_tell(const struct pass *p);

void *pass_identity(const struct pass *p); /* of NULL: NULL */

/* How long it holds; WEFT_NEVER: for good. Of NULL, too. */
uint64_t pass_left_ms(const struct pass *p);

#endif
