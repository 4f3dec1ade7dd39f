/* SPDX-License-Identifier: MIT
 *
 * net/server/server.h - the inside of a weft_server: what its wires ask of it
 *
 *      weft_server -> listeners -> wires        the server outlives its wires: it is freed when it was
 *                  -> routes                    asked to go and the last wire is buried
 *                  -> tally                     what is counted over all its loops
 *                  -> crew -> shares            with several threads: a weft_server on each other loop
 *                                               (crew.h), which has wires and copies of the rest
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stdatomic.h>

#include "base/list.h"
#include "net/net.h"
#include "net/peers.h"
#include "net/route.h"
#include "net/trust.h"
#include "net/ws/kind.h"
#include <weft/server.h>

struct net;
struct wire;
struct crew;
struct helper;

struct counts {
    uint64_t accepted, requests;      /* since the start */
    uint64_t connections, websockets; /* now */
    uint64_t refused[600];            /* by HTTP status */
    uint64_t closed[5000];            /* by status code */
};

/* What is counted over all loops of a server, so that limits are exact. Relaxed: a number says nothing of
 * the others. */
struct tally {
    struct counts stats;
    struct peers peers;
};

static inline void tally_add(uint64_t *n)
{
    __atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

static inline void tally_take(uint64_t *n)
{
    __atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
}

/* What the sessions of a route are configured with. Kept as long as the server, because a route may be
 * replaced while connections of it live. */
struct endpoint {
    struct endpoint *next;
    struct kind kind;
};

struct weft_server {
    weft_loop *loop;
    struct net *net;
    struct wire_kind wire_kind;
    weft_server_config config; /* what it points to is copied; a share's is the server's */
    weft_limits limits;        /* the config's */
    struct endpoint *endpoints;
    struct routes routes;
    struct trust trust; /* proxies */
    struct list listeners;
    struct tally *tally;
    uint64_t max_connections;
    size_t wires;       /* not buried yet, refused ones included */
    atomic_size_t load; /* connections let in here, those on their way to the loop included */
    size_t turned_away;
    bool all_loopback, closing, freed;
    struct tls_context *tls; /* NULL: plain */
    struct leave *leave;     /* a graceful shutdown (leave.c) */
    struct crew *crew;       /* NULL: one loop is all there is */
    struct helper *helper;   /* NULL: the user's; else this is a share */
};

const weft_limits *server_limits(const struct weft_server *s);
const weft_env *server_env(const struct weft_server *s);

void server_websocket_opened(struct weft_server *s);
void server_websocket_gone(struct weft_server *s, uint16_t code);
/* The wire's client is somebody else than its peer: count it there. WEFT_ERR_POLICY: too many of it. */
int server_count_client(struct weft_server *s, struct wire *w);

void server_refused(struct weft_server *s, int status);

/* A connection is s's, from when it was accepted to when it is buried. */
void server_count_in(struct weft_server *s);
void server_count_out(struct weft_server *s, uint64_t peer_key);

void server_close_listeners(struct weft_server *s);
void server_drop_wires(struct weft_server *s, int error, const char *cause);

/* A connection that was accepted, on its way to the loop that takes it. */
struct arrival {
    int fd;
    uint64_t peer_key;
    struct tls *tls; /* NULL: plain */
    bool trusted;    /* its peer is a proxy of ours */
};

/* In the thread of s, which counts it already. */
void server_let_in(struct weft_server *s, const struct arrival *a);

/* It goes before anybody has seen it. Any thread. */
void server_turn_back(struct weft_server *s, const struct arrival *a);

/* The routes of another server, for a share. Errors: -ENOMEM. */
int server_copy_routes(struct weft_server *s, const struct weft_server *from);

/* All but the memory of s itself. */
void server_deinit(struct weft_server *s);

/* ---- leave.c --------------------------------------------------------------------------------- */

/* NULL: no memory. */
struct leave *leave_new(struct weft_server *s, uint16_t code);

/* In the thread of s. It owns the leave from now on. */
void leave_begin(struct weft_server *s, struct leave *leave);

/* The last wire of a server that is leaving is gone; all wires of one of its shares are. */
void leave_done(struct weft_server *s);
void leave_share_done(struct weft_server *s);

void leave_free(struct weft_server *s);

#endif
