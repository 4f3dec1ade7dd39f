/* SPDX-License-Identifier: MIT
 *
 * net/net.h - what net keeps for each loop
 *
 *      weft_loop -> net -> slots -> lanes, and the WebSockets of clients
 *                       -> client   what the client's room has here
 *                       -> pool, scratch, date: what all of them use for a moment
 *                       -> siblings: the loops of its servers' other threads (siblings.h)
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <assert.h>

#include "http/date.h"
#include "io/loop.h"
#include "net/slots.h"
#include "net/spent.h"
#include "ws/pool.h"

enum { NET_LOOPS_MAX = 256 };

/* The others of a loop, by number; 0 is the loop itself. */
struct net_siblings {
    weft_loop *loops[NET_LOOPS_MAX];
    bool lent[NET_LOOPS_MAX];
};

struct net {
    struct attachment attachment;
    weft_loop *loop;
    struct net *leader;            /* whose sibling this is; itself */
    struct net_siblings *siblings; /* a leader's; NULL: none were needed */
    struct attachment
        *client;      /* told before the lanes go, freed behind them; NULL: nobody has dialed */
    uint8_t *scratch; /* what TLS reads to and gathers in; NULL until it does */
    struct slots slots;
    int64_t date_second;
    char date[HTTP_DATE_SIZE];
    struct weft_session_pool pool; /* of all its sessions */
    struct spent spent;            /* requests and upgrades that were answered */
    bool dying;                    /* the loop is being freed: nothing new begins */
};

/* The loop's net; made when it is first asked for. NULL: no memory. */
struct net *net_of(weft_loop *l);

/* NULL: nobody has asked yet. */
struct net *net_there(const weft_loop *l);

/* What a loop carries belongs to its thread. Who comes from another has made a mistake that would show later, and
 * somewhere else: debug builds stop here. */
static inline void net_assert_usable(const weft_loop *l)
{
    assert(loop_is_usable(l));
    (void)l;
}

static inline const weft_env *net_env(const struct net *n)
{
    return weft_loop_env(n->loop);
}

/* Now, as the header field Date. */
const char *net_date(struct net *n);

/* Milliseconds of the loop's clock. */
static inline uint64_t net_now(const struct net *n)
{
    return weft_loop_now(n->loop) / 1000;
}

#endif
