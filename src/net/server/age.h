/* SPDX-License-Identifier: MIT
 *
 * net/server/age.h - max_age: who has been here for so long is asked to come again, and lands wherever is room by then
 *
 *      a timer, a hundred times in max_age -> lanes_age: those that have come to their age since the last time
 *
 * When a connection has come stands in its slot (slots.h), where there is room for it: so this costs a connection
 * nothing. Up to 10 % less, another for each slot: those that came together do not go together. Who is asked is told as
 * by weft_server_drain: a Close with 1012, or on_leave.
 */
#ifndef NET_SERVER_AGE_H
#define NET_SERVER_AGE_H

#include "net/lane.h"

struct age;

/* In the thread that the loop has by now: of the lanes of this site there. *out is NULL where they may stay for ever.
 * 0 or -ENOMEM. */
int age_begin(struct age **out, struct net *n, struct site *site);
void age_end(struct age *age); /* NULL is fine */

#endif
