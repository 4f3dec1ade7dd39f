/* SPDX-License-Identifier: MIT
 *
 * net/web/counting.c - a reply that streams and whose bytes are counted: for servers that want to know (net/access.h)
 */
#include "net/access.h"
#include "net/web/reply.h"

static bool sent(struct lane *l, size_t n)
{
    const weft_reply *r = lane_talker(l, LANE_REPLY);
    access_sent(r->links, n);
    return reply_talk.sent(l, n);
}

struct talk reply_talk_counting(void)
{
    struct talk t = reply_talk;
    t.sent = sent;
    return t;
}
