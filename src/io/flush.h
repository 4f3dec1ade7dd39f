/* SPDX-License-Identifier: MIT
 *
 * io/flush.h - the duplexes that have something to do without the kernel's saying so
 *
 *      dirty   have output: pulled from at the end of the turn, many of them, then sent in one batch
 *      again   have unread input, or more to receive: they stand in line from the next turn on
 *      line    have their turn one by one, as far as there is time in this one; in it, too, is who is ready and was
 *              busy when he was last (duplex.c)
 *
 * Requests are made from duplexes in rounds: a duplex whose socket took everything is asked for more in
 * the next round; after FLUSH_ROUNDS it stays dirty for the next turn. A duplex that is closed while its
 * request is under way is taken out of the batch, so its descriptor is not used and nobody is called.
 */
#ifndef IO_FLUSH_H
#define IO_FLUSH_H

#include "io/batch.h"
#include "io/duplex.h"

enum { FLUSH_REQUESTS = BATCH_MAX, FLUSH_IOV = 16, FLUSH_ROUNDS = 16 };

/* Duplexes by their dirty or their again (a duplex is in again, or in line). */
struct chain {
    struct duplex *first, *last;
    size_t n;
};

struct flush {
    struct chain dirty, line, again;
    bool stale; /* there are duplexes in them that were closed */
    size_t n;   /* of the batch that is being collected, sent or settled */
    struct duplex *duplexes[FLUSH_REQUESTS];
    struct batch_request requests[FLUSH_REQUESTS];
    struct iovec iov[FLUSH_REQUESTS][FLUSH_IOV];
};

void flush_init(struct flush *f);

/* Whether the next turn has something to do at once. */
bool flush_waiting(const struct flush *f);

/* A turn begins: who is in again, and somebody is, goes to the end of the line. */
void flush_line_up(struct flush *f);

/* Let the first in line, and there is one, go on. */
void flush_next_in_line(struct flush *f);

/* Write what dirty duplexes have. ring may be NULL. */
void flush_dirty(struct flush *f, const struct sys *sys, struct ring *ring);

/* The duplex has output, or is to go on in the next turn. Twice is harmless. */
void flush_add_dirty(struct flush *f, struct duplex *d);
void flush_add_again(struct flush *f, struct duplex *d);
void flush_add_line(struct flush *f, struct duplex *d);

/* The duplex is closed. It may still be in the chains, until flush_sweep. */
void flush_forget(struct flush *f, const struct duplex *d);

/* Before the dead are buried: nothing in the chains is closed. */
void flush_sweep(struct flush *f);

#endif
