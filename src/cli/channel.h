/* SPDX-License-Identifier: MIT
 *
 * cli/channel.h - channels: what is sent on a path goes to everyone on it, the sender included
 */
#ifndef CLI_CHANNEL_H
#define CLI_CHANNEL_H

#include "cli/audience.h"
#include "cli/service.h"

struct channels {
    struct service *service;
    struct audiences audiences;
};

/* Every path that matches route ("/chat", or a subtree) is a channel. */
int channels_add(struct channels *c, struct service *s, const char *route);

/* When the server is gone. One that was never added is fine. */
void channels_deinit(struct channels *c);

#endif
