/* SPDX-License-Identifier: MIT
 *
 * net/net.h - what net keeps for each loop: its wires, the ids of its WebSockets, the date
 *
 *      weft_loop -> net -> wires -> (web | dial | weft_conn)
 *                       -> slots: id -> weft_conn
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "http/date.h"
#include "io/loop.h"
#include "net/tls_sessions.h"
#include "ws/pool.h"
#include <weft/conn.h>

struct id_slot {
    weft_conn *conn; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct net {
    struct tenant tenant;
    weft_loop *loop;
    struct list wires;
    struct list dials;                /* that are not open yet */
    struct list tls_contexts;         /* of clients */
    struct tls_sessions tls_sessions; /* of clients, to be resumed */
    uint8_t *tls_scratch;             /* what a box reads to and gathers in; NULL until one does */
    struct id_slot *slots;
    uint32_t n_slots, first_free; /* first_free == n_slots: none */
    int64_t date_second;
    char date[HTTP_DATE_SIZE];
    struct weft_deflate_pool pool; /* of all its sessions */
    bool dying;                    /* the loop is being freed: nothing new begins */
};

/* The loop's net; made when it is first asked for. NULL: no memory. */
struct net *net_of(weft_loop *l);

/* What WebSockets with one handler on one loop have in common; found from their session's config. */
struct kind {
    weft_session_config session;
    struct net *net;
    const weft_handler *handler;
    uint64_t calm_bytes, calm_items; /* up to here nothing has to be done about what is queued */
};

/* What a handler says about its sessions. limits are theirs, and end up in the config. */
void net_configure(struct net *n, struct kind *k, weft_limits *limits, const weft_handler *h);

/* A slot, and with it an id, for c. 0 or -ENOMEM. */
int net_slot_new(struct net *n, weft_conn *c, uint32_t *slot);
void net_slot_free(struct net *n, uint32_t slot);
weft_id net_id_of(const struct net *n, uint32_t slot);

/* Now, as the header field Date. */
const char *net_date(struct net *n);

/* Milliseconds of the loop's clock. */
static inline uint64_t net_now(const struct net *n)
{
    return weft_loop_now(n->loop) / 1000;
}

#endif
