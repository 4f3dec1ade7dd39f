/* SPDX-License-Identifier: MIT
 *
 * net/server/crew.h - the other threads of a server: a loop and a local server each
 *
 *                    first loop                               helper's loop
 *      on_accept -> crew_choose -> crew_send -- post --> server_let_in -> lane -> ...
 *                   shutdown               -- post --> leave_begin
 *                   leave_local_done      <-- post --  its last carrier is gone
 *                   free                   -- post --> all lanes dropped; the thread ends, and is joined
 *
 * A local is a weft_server of the helper's own, so a lane cannot tell which of them it is on. Its routes and
 * settings are copies, made when the thread starts; what has to be counted exactly is the tally, which
 * they have in common. Nothing else is shared: threads talk by posts alone.
 *
 * Posts run in order. So a connection that was sent arrives before its local is told to leave or to go,
 * and whatever a helper posted is behind the crew when that is freed.
 */
#ifndef NET_CREW_H
#define NET_CREW_H

#include "net/server/server.h"

/* Loops for so many other threads, which do not run yet. Errors: as siblings_borrow. */
int crew_new(weft_server *s, unsigned others);

/* Start those that do not run. Errors: -ENOMEM, -EAGAIN; those that run, run. */
int crew_start(struct crew *c);

/* How many there may be, and the i-th local; NULL: its thread does not run. c may be NULL: none. */
unsigned crew_size(const struct crew *c);
weft_server *crew_local(struct crew *c, unsigned i);

/* The one of s and its locals that has the fewest connections; starts the threads if nobody has. */
weft_server *crew_choose(weft_server *s);

/* To a local, which counts it already. */
void crew_send(weft_server *local, struct arrival *a);

/* Let every local leave. Returns how many there are that will call leave_local_done, or -ENOMEM. */
int crew_leave(weft_server *s, uint16_t code);

/* In the local's thread: it has left. */
void crew_left(weft_server *local);

/* Drop what the locals have, and end their threads. s may have none. */
void crew_free(weft_server *s);

#endif
