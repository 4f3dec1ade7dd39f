/* SPDX-License-Identifier: MIT
 *
 * net/route.h - which path leads where: one table for WebSockets, one for plain requests
 *
 * A path is exact, or ends in a slash and a star and takes everything below; of several that fit, the
 * longest. Tables are short lists, walked from one end to the other.
 *
 * A route of requests may have limits of its own. What is said under them outlives the route, which may be replaced,
 * and has a number to keep and not a pointer (struct own_limits).
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <weft/handshake.h>
#include <weft/server.h>

struct endpoint;
struct access;
struct exchange;
struct field_list;

/* What an opening handshake has agreed on. */
struct terms {
    void *user;
    const char *subprotocol; /* "": none; stays as long as the WebSocket */
    weft_deflate_params deflate;
};

/* Where the WebSockets of a route come from. Who accepts them knows nothing of frames. */
struct opener {
    const weft_handler *handler;
    struct endpoint *endpoint;

    /* One that nobody has seen, to be opened or discarded. peer (borrowed; may be NULL) is a proxy's client, whom the
     * lane does not know; access (NULL: nobody wants it) is the WebSocket's from now on. NULL: no memory, and access is
     * the caller's. */
    weft_conn *(*make)(struct endpoint *e, weft_peer *peer, struct access *access);
    void (*discard)(weft_conn *c);

    /* Now it may sit down on a lane (LANE_WEBSOCKET, and then it is told ready). It may have been made by another
     * endpoint. */
    void (*open)(struct endpoint *e, weft_conn *c, const struct terms *t);
};

struct route {
    char *path; /* without the star */
    size_t len;
    bool prefix;
    void *user;
    struct opener opener; /* of a WebSocket, */
    void (*on_request)(weft_request *r, void *user);
    void (*on_body)(weft_request *r, const void *data, size_t len, void *user);    /* or NULL, */
    void (*on_refuse)(weft_request *r, int status, const char *words, void *user); /* as this */

    /* Have a refusal said by on_refuse, with these fields, which are taken then. false: it is not. NULL: there is no
     * on_refuse. */
    bool (*refuse)(struct exchange *x, const struct route *r, struct field_list *fields, int status,
                   const char *words);
    char *methods;   /* net/web/methods.h; NULL: all. The route's own */
    char *unrefused; /* the same: those that are let in while others are refused; NULL: none */
    bool cors;       /* pages of the origins may read the answers */
    uint16_t limits; /* of requests: a number among struct own_limits */
    void (*release)(void *user); /* when the route goes; may be NULL */
};

/* The limits of those routes that have some of their own, each set once, for as long as the server. Number 0 is the
 * server's. */
struct own_limits {
    weft_limits **sets; /* the first is number 1 */
    uint16_t n;
};

struct route_table {
    struct route *routes;
    size_t n;
};

struct routes {
    struct route_table websockets, requests;
};

/* A copy of r with this path, in place of the one that had it, and what is r's own is its. Errors: -EINVAL (no request
 * has such a path, or a star is elsewhere than behind the last slash), -ENOMEM. */
int route_add(struct route_table *t, const weft_env *env, const char *path, const struct route *r);

/* All of them once more; what a route releases stays from's. Errors: -ENOMEM. */
int route_copy(struct route_table *to, const weft_env *env, const struct route_table *from);

/* NULL: none fits. */
/* The one that was added with this path; NULL: there is none. */
const struct route *route_named(const struct route_table *t, const char *path);

const struct route *route_find(const struct route_table *t, weft_bytes path);

void routes_deinit(struct routes *r, const weft_env *env);

/* *number is that of these limits. Errors: -ENOMEM, too if there are 65,535 already. */
int own_limits_add(struct own_limits *own, const weft_env *env, const weft_limits *limits,
                   uint16_t *number);

/* The same ones, under the same numbers; they stay from's. Errors: -ENOMEM. */
int own_limits_copy(struct own_limits *to, const weft_env *env, const struct own_limits *from);

void own_limits_free(struct own_limits *own, const weft_env *env); /* of a copy: */
void own_limits_forget(struct own_limits *own, const weft_env *env);

#endif
