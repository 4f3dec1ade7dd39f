/* SPDX-License-Identifier: MIT
 *
 * channel/post.h - to publish by a request: the body is a message, or many
 */
#ifndef CHANNEL_POST_H
#define CHANNEL_POST_H

#include "channel/visit.h"

/* Consumes v. */
void post_begin(visit *v);

#endif
