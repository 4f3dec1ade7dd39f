/* SPDX-License-Identifier: MIT
 *
 * io/batch.h - the seam for sends: many requests handed to the kernel at once
 *
 *      batch_send --> ring     one system call for all of them, where there is io_uring
 *                 --> each     one system call for each: without it, and for what the ring left over
 *
 * The rest of the program cannot tell the difference: every request is complete when batch_send returns.
 */
#ifndef IO_BATCH_H
#define IO_BATCH_H

#include <sys/uio.h>

#include <weft/base.h>

#include "io/sys.h"

struct ring;

enum { BATCH_MAX = 256 };

struct batch_request {
    int fd;
    int n_iov;
    struct iovec *iov;
    ssize_t result; /* bytes taken, which may be fewer than offered; or -errno; -EAGAIN: full */
};

/* At most BATCH_MAX requests; ring may be NULL. The sockets need not be non-blocking: nothing waits, and
 * nothing raises SIGPIPE. */
void batch_send(struct ring *ring, const struct sys *sys, struct batch_request *requests, size_t n);

/* batch_each.c */
void batch_each(const struct sys *sys, struct batch_request *requests, size_t n);

/* batch_ring.c; without liburing there is batch_ring_none.c in its place, where ring_new always fails.
 *
 * Errors: -errno of io_uring_setup (-EPERM: forbidden, as in Docker; -ENOSYS: none), -ENOMEM. */
int ring_new(struct ring **out, const weft_env *env, const struct sys *sys);
void ring_free(struct ring *r); /* NULL is fine */

/* How many of the requests, from the first on, it has done. Fewer than n: it has given up for good. */
size_t ring_send(struct ring *r, const struct sys *sys, struct batch_request *requests, size_t n);

#endif
