/* SPDX-License-Identifier: MIT
 *
 * io/resolve.h - host names, without making the loop wait
 *
 *      lookup_start -> waits for a thread -> getaddrinfo in the thread -> posted to the loop -> on_done
 *
 * Each name has a thread of its own, and is looked up once for all who ask meanwhile: so none waits for another's dead
 * servers, until LOOKUP_THREADS of a loop are at work; then they wait in order. An IP address and "localhost" need no
 * thread, but are answered from the loop too. A lookup in progress cannot be stopped: cancelled, or its loop freed, it
 * is disowned, counts no more (but all threads together are LOOKUP_THREADS_EVER at most), and its thread throws the
 * result away. That is why its memory is malloc's and not the env's: it may outlive the env.
 */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "io/loop.h"
#include "io/sock.h"

enum { LOOKUP_THREADS = 128, LOOKUP_THREADS_EVER = 512, LOOKUP_MAX = 16 };

struct lookup_job;

/* Embedded in what waits for the answer; all zero is idle. */
struct lookup {
    struct lookup_job *job;
    weft_loop *loop;

    /* error 0: n > 0 addresses, in the resolver's order, on loan (at most LOOKUP_MAX); otherwise -errno
     * or WEFT_ERR_RESOLVE. */
    void (*on_done)(struct lookup *k, int error, const struct sock_addr *addresses, size_t n);
};

/* host: a name or an IP address without brackets; copied. on_done follows, once, from the loop.
 * Errors: -ENOMEM, -EAGAIN (no thread can be made), WEFT_ERR_RESOLVE (too long for a name). */
int lookup_start(struct lookup *k, weft_loop *l, const char *host, uint16_t port,
                 void (*on_done)(struct lookup *k, int error, const struct sock_addr *addresses,
                                 size_t n));

/* on_done will not be called. Idle: nothing. */
void lookup_cancel(struct lookup *k);

/* The loop is about to be freed: no result is posted to it any more. NULL is fine. */
void resolver_disown(struct resolver *r);

#endif
