/* SPDX-License-Identifier: MIT
 *
 * net/site.h - what carriers and conversations ask of a server: limits, trust, routes, counts
 *
 *      weft_server -> site <- the lanes of its loop (lane_class)
 *                     site -> tally: what is counted over all loops of the server, so that limits are exact
 *
 * The server owns it and outlives all who know it. Everything here but the tally belongs to the loop's thread.
 */
#ifndef NET_SITE_H
#define NET_SITE_H

#include "net/address.h"
#include "net/address_counts.h"
#include "net/route.h"
#include "net/trust.h"
#include <weft/server.h>

/* Counts of all loops, and what holds for all of them. Relaxed: a number says nothing of the others. */
struct tally {
    uint64_t retry_s, retry_spread_s; /* who is new is refused until then; 0: nobody is */
    uint64_t accepted, connections, websockets, requests, undelivered;
    uint64_t refused[600];                   /* by status */
    uint64_t closed[5000], close_sent[5000]; /* by code */
    struct address_counts address_counts;
    weft_buckets *connects; /* of addresses; NULL: connect_rate is off */
};

static inline void tally_add(uint64_t *n)
{
    __atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

static inline void tally_take(uint64_t *n)
{
    __atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
}

static inline uint64_t tally_read(const uint64_t *n)
{
    return __atomic_load_n(n, __ATOMIC_RELAXED);
}

struct site {
    const weft_env *env;
    weft_limits limits;
    const char *const *origins; /* NULL: the same, and what loopback adds */
    const char *const *hosts;   /* NULL: any */
    const char *base_path;      /* "/ws"; NULL: it has all paths */
    bool all_loopback;          /* listeners are on loopback addresses only */
    bool closing;               /* nobody new is let in */
    uint16_t leaving_code;      /* while somebody is told to leave; else 0 */
    struct trust trust;         /* proxies */
    struct routes routes;
    struct own_limits own_limits;
    struct tally *tally;
    void (*on_access)(const weft_access *a, void *user); /* NULL: nobody wants to know */
    void *access_user;
    void (*on_traffic)(const weft_access *a, uint64_t received, uint64_t sent, void *user);

    /* A carrier is buried, after its lanes; counted_as is its address's. away: it was not let in. */
    void (*carrier_gone)(struct site *s, uint64_t counted_as, bool away);
};

/* Those that a route has a number for. */
static inline const weft_limits *site_limits(const struct site *s, uint16_t number)
{
    return number ? s->own_limits.sets[number - 1] : &s->limits;
}

/* Who is new is refused: when he may try again, in seconds, another time for each slot. 0: he is let in. */
unsigned site_retry_s(const struct site *s, uint32_t slot);

/* A request or an opening handshake was refused with this status. */
void site_refused(struct site *s, int status);

/* A WebSocket could not take a message, whose sender does not follow up on that. */
void site_undelivered(struct site *s);

void site_websocket_opened(struct site *s);
/* Codes of a weft_close_info. */
void site_websocket_gone(struct site *s, uint16_t code, uint16_t sent_code);

/* This client connects. 0; WEFT_ERR_POLICY: that is too often. */
int site_connects(struct site *s, const struct sock_addr *client);

/* Count the carrier that has this address under this client's, and no more as it was counted before. 0;
 * WEFT_ERR_POLICY: that client has too many; -ENOMEM. */
int site_count_as(struct site *s, struct address *a, const struct sock_addr *client);

#endif
