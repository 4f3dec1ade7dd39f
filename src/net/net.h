/* SPDX-License-Identifier: MIT
 *
 * net/net.h - what net keeps for each loop: its wires, the ids of its WebSockets, the date
 *
 *      weft_loop -> net -> slots -> wire -> (web | dial | weft_conn)
 *                                -> weft_conn, a client's
 *                       -> kin: the loops of its servers' other threads
 *
 * Every wire has a slot, and the WebSocket that a server's wire becomes is found by it. A client is
 * there before its wire, and may try several: so it has a slot of its own.
 *
 * A loop and its kin share one space of ids: an id says which of them, which slot and which generation.
 * Kin stay until the loop is freed, so whoever kept one may post to it as long; a server only borrows
 * them.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "http/date.h"
#include "io/stream.h"
#include "net/wire/tls_sessions.h"
#include "ws/pool.h"
#include <weft/conn.h>

struct wire;

enum slot_kind { SLOT_FREE, SLOT_WIRE, SLOT_CLIENT };

struct slot {
    union {
        struct wire *wire;
        weft_conn *conn;
        size_t next_free;
    };
    uint32_t generation;
    uint8_t kind; /* enum slot_kind */
};

enum { NET_LOOPS_MAX = 256 };

/* The others of a loop, by number; 0 is the loop itself. */
struct net_kin {
    weft_loop *loops[NET_LOOPS_MAX];
    bool lent[NET_LOOPS_MAX];
};

/* What the wires of a server on one loop have in common, or those that were dialed there; found from their
 * stream's handler. */
struct wire_kind {
    struct stream_handler stream;
    struct weft_server *server; /* NULL: we connected */
};

struct net {
    struct tenant tenant;
    weft_loop *loop;
    struct net *leader;  /* whose kin this is; itself */
    struct net_kin *kin; /* a leader's; NULL: none were needed */
    uint8_t number;      /* among them */
    struct wire_kind dialed;
    struct list dials;                /* that are not open yet */
    struct list tls_contexts;         /* of clients */
    struct tls_sessions tls_sessions; /* of clients, to be resumed */
    uint8_t *tls_scratch;             /* what a box reads to and gathers in; NULL until one does */
    struct slot *slots;
    uint32_t n_slots, first_free; /* first_free == n_slots: none */
    int64_t date_second;
    char date[HTTP_DATE_SIZE];
    struct weft_session_pool pool; /* of all its sessions */
    bool dying;                    /* the loop is being freed: nothing new begins */
};

/* The loop's net; made when it is first asked for. NULL: no memory. */
struct net *net_of(weft_loop *l);

/* A slot, and with it an id, for a wire, or for a client. 0 or -ENOMEM. */
int net_add_wire(struct net *n, struct wire *w, uint32_t *slot);
int net_add_client(struct net *n, weft_conn *c, uint32_t *slot);
void net_slot_free(struct net *n, uint32_t slot);

/* For who looks at all wires, with slots from 0 to n_slots: the wire there. NULL: none, or a dead one. */
struct wire *net_wire_at(const struct net *n, uint32_t slot);

weft_id net_id_of(const struct net *n, uint32_t slot);

/* Another loop, configured as the leader's, that nobody else uses. Errors: -ENOSPC (NET_LOOPS_MAX), and as
 * weft_loop_new. */
int net_borrow_loop(struct net *leader, weft_loop **out);
void net_return_loop(struct net *leader, weft_loop *l);

/* The loop, l or one of its kin, that gave the id. Any thread. NULL: it is gone. */
weft_loop *net_loop_of(weft_loop *l, weft_id id);

/* Now, as the header field Date. */
const char *net_date(struct net *n);

/* Milliseconds of the loop's clock. */
static inline uint64_t net_now(const struct net *n)
{
    return weft_loop_now(n->loop) / 1000;
}

#endif
