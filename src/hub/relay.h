/* SPDX-License-Identifier: MIT
 *
 * hub/relay.h - who waits for his turn when the hub goes
 */
#ifndef HUB_RELAY_H
#define HUB_RELAY_H

#include <weft/topic.h>

/* It is cancelled; if it is a connection's, that is read from again, and what it said is dropped. */
void relay_end(weft_turn *turn);

#endif
