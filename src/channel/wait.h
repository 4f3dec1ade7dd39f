/* SPDX-License-Identifier: MIT
 *
 * channel/wait.h - long polls: answered when there is something, or when it has taken long enough
 *
 *      entry -> queue says that there is no room for it -> a cursor stays where it is, so nothing of this turn is lost
 *                  |
 *               errand, at the end of the turn -> what is there since, as a poll
 *
 * It is a reader whose carrier is the wait itself. Whatever ends it, an errand answers and frees it.
 */
#ifndef CHANNEL_WAIT_H
#define CHANNEL_WAIT_H

#include "channel/visit.h"

/* Consumes v. */
void wait_begin(visit *v);

#endif
