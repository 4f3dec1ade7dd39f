/* SPDX-License-Identifier: MIT
 *
 * cli/channel.h - channels: what is sent on a path goes to everyone on it, the sender included
 */
#ifndef CLI_CHANNEL_H
#define CLI_CHANNEL_H

#include "cli/service.h"

struct channels {
    struct service *service;
};

/* Every path that matches route ("/chat", or a subtree) is a channel. */
int channels_add(struct channels *c, struct service *s, const char *route);

#endif
