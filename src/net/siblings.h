/* SPDX-License-Identifier: MIT
 *
 * net/siblings.h - the loops of a server's other threads, and the first loop, which leads them
 *
 * A loop and its siblings share one space of ids. Siblings stay until the leader is freed, so whoever kept an id may
 * post to it as long; a server only borrows them.
 */
#ifndef NET_SIBLINGS_H
#define NET_SIBLINGS_H

#include "net/net.h"

/* Another loop, configured as the leader's, that nobody else uses. Errors: -ENOSPC (NET_LOOPS_MAX), and as
 * weft_loop_new. */
int siblings_borrow(struct net *leader, weft_loop **out);
void siblings_return(struct net *leader, weft_loop *l);

/* The loop, l or one of its siblings, that gave the id. Any thread. NULL: it is gone. */
weft_loop *siblings_find(weft_loop *l, weft_id id);

#endif
