/* SPDX-License-Identifier: MIT
 *
 * net/server.h - the inside of a weft_server: what its wires ask of it
 *
 *      weft_server -> listeners -> wires        the server outlives its wires: it is freed when it was
 *                  -> routes                    asked to go and the last wire is buried
 *                  -> peers (wires per address)
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/list.h"
#include "net/net.h"
#include "net/peers.h"
#include "net/route.h"
#include "net/trust.h"
#include <weft/server.h>

struct net;
struct wire;

/* What the sessions of a route are configured with. Kept as long as the server, because a route may be
 * replaced while connections of it live. */
struct endpoint {
    struct endpoint *next;
    struct kind kind;
    weft_limits limits;
};

struct weft_server {
    weft_loop *loop;
    struct net *net;
    weft_server_config config;
    struct endpoint *endpoints;
    struct routes routes;
    struct peers peers;
    struct trust trust; /* proxies */
    struct list listeners;
    weft_server_stats stats;
    uint64_t max_connections;
    size_t wires; /* not buried yet, refused ones included */
    size_t turned_away;
    bool all_loopback, closing, freed;
    struct tls_context *tls; /* NULL: plain */
    struct leave *leave;     /* a graceful shutdown (leave.c) */
};

const weft_limits *server_limits(const struct weft_server *s);
const weft_env *server_env(const struct weft_server *s);

void server_websocket_opened(struct weft_server *s);
void server_websocket_gone(struct weft_server *s, uint16_t code);
/* The wire's client is somebody else than its peer: count it there. WEFT_ERR_POLICY: too many of it. */
int server_count_client(struct weft_server *s, struct wire *w);

void server_refused(struct weft_server *s, int status);

void server_close_listeners(struct weft_server *s);
void server_drop_wires(struct weft_server *s, int error, const char *cause);

/* leave.c: the last wire of a server that is leaving is gone. */
void leave_done(struct weft_server *s);
void leave_free(struct weft_server *s);

#endif
