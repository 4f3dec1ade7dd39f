/* SPDX-License-Identifier: MIT
 *
 * net/server/draining.h - who is there is asked to leave, one after the other: on each loop its part
 *
 *      weft_server_drain (drain.c) -> this loop's         every TICK as many as are due, in the order of their slots;
 *                        -> post -> each local's          behind the last slot once more: those who have come since
 *                        <- post -- each that is through; the last one: on_done
 *
 * Each slot is looked at twice, however long it takes: once to count who would stay, once to ask him. A shutdown, or
 * the end, stops that where it is.
 */
#ifndef NET_SERVER_DRAINING_H
#define NET_SERVER_DRAINING_H

#include "net/lane.h"

struct weft_server;

/* Of one loop. */
struct drain_part {
    struct drain *drain;
    struct weft_server *local;
    struct net *net;
    struct site *site;
    struct drain_part **place; /* where this stands as long as it lasts */
    struct timer timer;
    uint64_t begun;
    size_t all, asked;
    uint32_t slot; /* those before it were asked */
    struct leaving how;
    weft_errand begin, back;
};

/* Outlives the server until what its threads have posted is done. */
struct drain {
    weft_errand bury;
    const weft_env *env;
    weft_loop *loop;            /* the server's */
    struct weft_server *server; /* NULL: nobody wants to know any more */
    void (*on_done)(struct weft_server *s, void *user);
    void *user;
    unsigned left; /* parts that are not through */
    struct drain_part parts[];
};

/* In the part's thread. */
void draining_begin(struct drain_part *p);

/* Nobody more is asked, on this loop. NULL is fine. */
void draining_stop(struct drain_part *p);

/* The server is gone, and no other thread of its runs. NULL is fine. */
void drain_free(struct drain *d);

#endif
