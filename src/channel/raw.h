/* SPDX-License-Identifier: MIT
 *
 * channel/raw.h - what a raw WebSocket says, on its way to the store
 */
#ifndef CHANNEL_RAW_H
#define CHANNEL_RAW_H

#include "channel/channels.h"

/* Publish what c has said on the channel of its URL. If the store does not confirm that at once, c is not read from
 * until it has, so its messages keep their order. Errors: as weft_topic_publish; WEFT_ERR_BACKLOG only while something
 * of c waits already, which can be when c is closing. */
int raw_publish(weft_channels *channels, weft_topic *t, weft_conn *c, weft_opcode op,
                const void *data, size_t len);

#endif
