/* SPDX-License-Identifier: MIT
 *
 * net/ws/counting.c - a WebSocket whose bytes are counted: for servers that want to know (net/access.h)
 *
 * Others have conn_talk itself, and pay nothing.
 */
#include "net/access.h"
#include "net/ws/conn.h"

static weft_conn *conn_at(const struct lane *l)
{
    return lane_talker(l, LANE_WEBSOCKET);
}

static void feed(struct lane *l, weft_span *in)
{
    weft_conn *c = conn_at(l);
    size_t before = in->len;
    conn_talk.feed(l, in);
    access_received(c->links, before - in->len);
}

static bool sent(struct lane *l, size_t n)
{
    access_sent(conn_at(l)->links, n);
    return conn_talk.sent(l, n);
}

struct talk conn_talk_counting(void)
{
    struct talk t = conn_talk;
    t.feed = feed;
    t.sent = sent;
    return t;
}
