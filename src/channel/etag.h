/* SPDX-License-Identifier: MIT
 *
 * channel/etag.h - entity tags: what a cache has, and whether that is still so (RFC 9110, 8.8.3 and 13.1.2)
 */
#ifndef CHANNEL_ETAG_H
#define CHANNEL_ETAG_H

#include <weft/topic.h>

enum { ETAG_ROOM = WEFT_POSITION_TEXT + 6 };

/* W/"k3f9a2c1.42": of an answer that says all up to this position. Weak: the same may be said in other bytes. empty:
 * of one when nothing of that is kept any more, W/"k3f9a2c1.42-0", so that who has it from before asks in vain. */
void etag_print(char out[ETAG_ROOM], const weft_position *p, bool empty);

/* Whether an If-None-Match field, a list or "*", has this tag. They compare weakly: W/ in front makes no difference.
 * Where the field is not in order nothing has it any more. */
bool etag_matches(weft_bytes if_none_match, const char *etag);

#endif
