/* SPDX-License-Identifier: MIT
 *
 * net/kin.h - the loops of a server's other threads, and the first loop, which leads them
 *
 * A loop and its kin share one space of ids. Kin stay until the leader is freed, so whoever kept an id may
 * post to it as long; a server only borrows them.
 */
#ifndef NET_KIN_H
#define NET_KIN_H

#include "net/net.h"

/* Another loop, configured as the leader's, that nobody else uses. Errors: -ENOSPC (NET_LOOPS_MAX), and as
 * weft_loop_new. */
int kin_borrow(struct net *leader, weft_loop **out);
void kin_return(struct net *leader, weft_loop *l);

/* The loop, l or one of its kin, that gave the id. Any thread. NULL: it is gone. */
weft_loop *kin_of(weft_loop *l, weft_id id);

#endif
