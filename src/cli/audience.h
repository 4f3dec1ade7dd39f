/* SPDX-License-Identifier: MIT
 *
 * cli/audience.h - who listens on a channel, and whether all of them keep up
 *
 *      publisher   audience_said ---- a call each ----> listeners      in the thread of each
 *                  is not read from  <--- answers -----                at once, or when its queue has drained
 *                  goes on: all have answered, or AUDIENCE_PATIENCE is over
 *
 * Who publishes asks now and then, not for each message, so it costs nothing while all keep up; and between two
 * questions no more is said than queues have room for. A listener that did not answer in time is slow: it is not waited
 * for again until its queue has drained, and what becomes of it is the hub's to decide.
 *
 * Threads: lists have a lock; what a listener owes is its own thread's, an asker's question its own.
 */
#ifndef CLI_AUDIENCE_H
#define CLI_AUDIENCE_H

#include <pthread.h>

#include <weft/conn.h>

enum {
    AUDIENCE_PATIENCE = 1000,   /* ms */
    AUDIENCE_MESSAGES = 512,    /* said between two questions */
    AUDIENCE_BYTES = 128 << 10, /* the same */
    AUDIENCE_QUEUE_ITEMS =
        16 << 10 /* what a queue should have room for: many may ask at the same time */
};

struct audience;
struct question;
struct answer;

/* One connection of an audience: it listens, and may ask. */
struct listener {
    weft_conn *conn;
    weft_loop *loop; /* for other threads */
    weft_id id;
    struct audiences *all;
    struct audience *audience; /* NULL: it has not come, or has left */
    struct listener *next, *previous;
    struct answer *owed;
    struct question *question; /* asked, and not yet answered: it is paused; NULL: none */
    weft_timer *patience;
    size_t messages, bytes; /* said since it asked */
};

/* All audiences of a route. */
struct audiences {
    struct listener *(*listener_of)(weft_conn *c);
    void (*go_on)(struct listener *l); /* it need not be paused for its question any more */
    pthread_mutex_t lock;
    void *by_topic; /* of tsearch */
};

/* Set the two functions before. */
void audiences_init(struct audiences *a);
void audiences_deinit(struct audiences *a); /* when all have left */

/* In on_open. Errors: -ENOMEM. */
int audience_join(struct audiences *a, struct listener *l, weft_conn *c, const char *topic);

/* In on_close; also for who has not come. */
void audience_leave(struct listener *l);

/* In on_drain: it can take more. */
void audience_drained(struct listener *l);

/* It has published a message of len bytes. Now and then that pauses it, until go_on. */
void audience_said(struct listener *l, size_t len);

#endif
