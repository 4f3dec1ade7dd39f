/* SPDX-License-Identifier: MIT
 *
 * hub/cursor.h - readers who are behind: what a policy lets them have next, in batches
 */
#ifndef HUB_CURSOR_H
#define HUB_CURSOR_H

#include "hub/local.h"

/* The cursor at that place has room again: he has a batch, and what that changes is looked at once a turn. */
void cursor_has_room(struct local *l, uint32_t at);

/* A batch for each that has room; who needs the same as the one before him has the same. Whether some want more. */
bool cursors_serve(struct local *l);

#endif
