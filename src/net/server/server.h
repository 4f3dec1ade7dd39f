/* SPDX-License-Identifier: MIT
 *
 * net/server/server.h - the inside of a weft_server
 *
 *      weft_server -> site                      what those below ask of it; they know this much of it
 *                  -> listeners -> carriers     the server outlives its carriers: it is freed when it was
 *                                               asked to go and the last one is buried
 *                  -> endpoints                 where its routes' WebSockets come from
 *                  -> crew -> locals            with several threads: a weft_server on each other loop
 *                                               (crew.h), which has carriers and copies of the rest
 */
#ifndef NET_SERVER_SERVER_H
#define NET_SERVER_SERVER_H

#include <stdatomic.h>

#include "base/list.h"
#include "net/lane.h"
#include "net/site.h"
#include "net/wire/carry.h"

struct crew;
struct drain;
struct drain_part;
struct helper;

struct weft_server {
    weft_loop *loop;
    struct net *net;
    struct site site;
    struct lane_class lane_class;
    struct talk websockets, replies; /* those that count, where somebody wants to know */
    struct endpoint *endpoints;
    char *base_path; /* the site's; NULL in a local, which has its server's */
    struct list listeners;
    uint64_t max_connections;
    uint64_t accept_paid_us; /* until then accept_rate is used up (accept.c) */
    struct age *age;    /* who is told when he has been here for max_age; NULL: nobody (age.h) */
    size_t carriers;    /* not buried yet, refused ones included */
    atomic_size_t load; /* connections let in here, those on their way to the loop included */
    size_t turned_away;
    bool freed;
    bool has_left;               /* and nobody is connected any more */
    struct leave *leave;         /* a graceful shutdown (leave.c) */
    struct drain *drain;         /* everybody is, or was, asked to leave (draining.h) */
    struct drain_part *draining; /* this loop's part of that, as long as it lasts */
    struct crew *crew;           /* NULL: one loop is all there is */
    struct helper *helper;       /* NULL: the user's; else this is a local */
};

static inline const weft_env *server_env(const struct weft_server *s)
{
    return s->site.env;
}

/* What is set needs only the loop and the site's on_access: site, class and list are made ready. */
void server_init(struct weft_server *s, weft_loop *l, struct net *n);

/* A connection is s's, from when it was accepted to when it is buried. */
void server_count_in(struct weft_server *s);
void server_count_out(struct weft_server *s, uint64_t counted_as);

void server_close_listeners(struct weft_server *s);

/* In the thread of s, which counts it already. */
void server_let_in(struct weft_server *s, struct arrival *a);

/* It goes before anybody has seen it. Any thread. */
void server_turn_back(struct weft_server *s, struct arrival *a);

/* The routes of another server, for a local. Errors: -ENOMEM. */
int server_copy_routes(struct weft_server *s, const struct weft_server *from);

/* All but the memory of s itself. */
void server_deinit(struct weft_server *s);

/* ---- leave.c --------------------------------------------------------------------------------- */

/* NULL: no memory. */
struct leave *leave_new(struct weft_server *s, uint16_t code);

/* In the thread of s. It owns the leave from now on. */
void leave_begin(struct weft_server *s, struct leave *leave);

/* The last carrier of a server that is leaving is gone; all those of one of its locals are. */
void leave_done(struct weft_server *s);
void leave_local_done(struct weft_server *s);

void leave_free(struct weft_server *s);

#endif
