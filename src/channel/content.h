/* SPDX-License-Identifier: MIT
 *
 * channel/content.h - what the body of a POST is: text, binary, or a batch
 *
 *      Content-Type                    the message is
 *      ----------------------------    ---------------------------------------------------------------
 *      application/x-ndjson            none: the body is a batch (channel/batch.h)
 *      application/octet-stream        binary
 *      multipart/...                   415: a message comes by itself
 *      anything else, or none          text if it is UTF-8, whatever curl calls it; else binary
 */
#ifndef CHANNEL_CONTENT_H
#define CHANNEL_CONTENT_H

#include <weft/base.h>

#include "channel/refusal.h"

enum content { CONTENT_TEXT, CONTENT_BINARY, CONTENT_BATCH };

/* Whether it is a batch can be told of its head alone, with an empty body. 0; or -1, and why (415). */
int content_of(enum content *out, weft_bytes type, weft_bytes body, struct refusal *why);

#endif
