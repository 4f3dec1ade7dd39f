/* SPDX-License-Identifier: MIT
 *
 * channel/name.h - how a channel is called: the path of its URL, decoded
 *
 *      /chat  /quotes/ACME  /  /caf%C3%A9 in a URL, /café everywhere else
 *
 * A name is UTF-8, compared as bytes, 1 to 255 of them, and begins with a slash; the segments between its slashes are
 * not empty, and none begins with a dot, so no two spellings mean one channel and no name means a place in a tree of
 * files. There is nothing in a name that a URL could not carry: no control characters, no backslash, which browsers
 * take for a slash.
 *
 *      /weft.js  /metrics  /healthz  /readyz  and what begins with /.      are reserved, and no channels
 *
 * A name whose last segment is a star is a pattern: each channel one level below what stands in front of it. Who
 * subscribes may say one, nobody else.
 */
#ifndef CHANNEL_NAME_H
#define CHANNEL_NAME_H

#include <weft/base.h>

#include "channel/refusal.h"

enum { CHANNEL_NAME_MAX = 255 };

/* A name of one's own, terminated by NUL. */
struct name {
    char text[CHANNEL_NAME_MAX + 1];
    size_t len;
};

/* The channel that a request's path means, as it was sent, without query. 0; or -1, and why says what is wrong: 400, or
 * 404 where the name is reserved. */
int name_of_path(struct name *out, weft_bytes path, struct refusal *why);

/* Whether a name that was said in JSON is a channel's, or, if is_pattern is not NULL, a pattern, and which of these. 0,
 * or -1 as above. */
int name_check(weft_bytes name, bool *is_pattern, struct refusal *why);

/* A name, or a pattern, without what follows its last slash: the same for a pattern and the channels that it means. */
weft_bytes name_level(weft_bytes name);

/* Whether the channel is one of those that the pattern means. Both are in order. */
bool name_matches(weft_bytes pattern, weft_bytes name);

static inline weft_bytes name_bytes(const struct name *n)
{
    return (weft_bytes){(const uint8_t *)n->text, n->len};
}

#endif
