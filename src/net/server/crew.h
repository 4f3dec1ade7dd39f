/* SPDX-License-Identifier: MIT
 *
 * net/server/crew.h - the other threads of a server: a loop and a share of its connections each
 *
 *                    first loop                               helper's loop
 *      on_accept -> crew_choose -> crew_send -- post --> server_let_in -> lane -> ...
 *                   shutdown               -- post --> leave_begin
 *                   leave_share_done      <-- post --  its last carrier is gone
 *                   free                   -- post --> all lanes dropped; the thread ends, and is joined
 *
 * A share is a weft_server of the helper's own, so a lane cannot tell which kind it is on. Its routes and
 * settings are copies, made when the thread starts; what has to be counted exactly is the tally, which
 * they have in common. Nothing else is shared: threads talk by posts alone.
 *
 * Posts run in order. So a connection that was sent arrives before its share is told to leave or to go,
 * and whatever a helper posted is behind the crew when that is freed.
 */
#ifndef NET_CREW_H
#define NET_CREW_H

#include "net/server/server.h"

/* Loops for so many other threads, which do not run yet. Errors: as kin_borrow. */
int crew_new(weft_server *s, unsigned others);

/* Start those that do not run. Errors: -ENOMEM, -EAGAIN; those that run, run. */
int crew_start(struct crew *c);

/* The one of s and its shares that has the fewest connections; starts the threads if nobody has. */
weft_server *crew_choose(weft_server *s);

/* To a share, which counts it already. */
void crew_send(weft_server *share, const struct arrival *a);

/* Let every share leave. Returns how many there are that will call leave_share_done, or -ENOMEM. */
int crew_leave(weft_server *s, uint16_t code);

/* In the share's thread: it has left. */
void crew_left(weft_server *share);

/* Drop what the shares have, and end their threads. s may have none. */
void crew_free(weft_server *s);

#endif
