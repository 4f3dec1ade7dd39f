/* SPDX-License-Identifier: MIT
 *
 * channel/door.h - where requests and upgrades come in: what is asked for, who may, and which transport has it done
 */
#ifndef CHANNEL_DOOR_H
#define CHANNEL_DOOR_H

#include "channel/channels.h"

/* Both of a path's routes. Errors: as weft_server_route. */
int door_open(weft_channels *c, weft_server *s, const char *path);

#endif
