/* SPDX-License-Identifier: MIT
 *
 * net/ws/endpoint.c - makes the WebSockets of a route
 */
#include "net/ws/endpoint.h"

#include <errno.h>

#include "base/alloc.h"
#include "net/access.h"
#include "net/peer.h"
#include "net/ws/conn.h"

struct endpoint {
    struct endpoint *next;
    struct conn_class class;
};

static weft_conn *make(struct endpoint *e, weft_peer *peer, struct access *access)
{
    weft_conn *c = conn_new(WEFT_SERVER, &e->class, NULL);
    if (!c) return NULL;
    if (peer) peer_hang(weft_peer_ref(peer), &c->links);
    access_hang(access, &c->links);
    return c;
}

static void open_as(struct endpoint *e, weft_conn *c, const struct terms *t)
{
    session_init(&c->session, WEFT_SERVER, &e->class.profile);
    weft_session_set_deflate(&c->session, &t->deflate);
    c->user = t->user;
    c->subprotocol = t->subprotocol;
    access_opens(access_in(c->links));
}

int endpoint_new(struct opener *out, struct endpoint **list, struct net *n,
                 const weft_limits *limits, const struct handler_given *given)
{
    struct endpoint *e = mem_alloc(net_env(n), sizeof *e);
    if (!e) return -ENOMEM;
    int error = conn_class_init(&e->class, n, limits, given);
    if (error) {
        mem_free(net_env(n), e);
        return error;
    }
    e->next = *list;
    *list = e;
    *out = (struct opener){.handler = &e->class.handler,
                           .endpoint = e,
                           .make = make,
                           .discard = conn_discard,
                           .open = open_as};
    return 0;
}

void endpoints_free(struct endpoint **list, const weft_env *env)
{
    while (*list) {
        struct endpoint *e = *list;
        *list = e->next;
        conn_class_deinit(&e->class);
        mem_free(env, e);
    }
}
