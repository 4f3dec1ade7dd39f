/* SPDX-License-Identifier: MIT
 *
 * io/batch.h - the seam for sends: many requests handed to the kernel at once
 *
 * batch_each.c makes one system call for each request. Another file can make one for all of them; the
 * rest of the program cannot tell the difference, because every request is complete when send returns.
 */
#ifndef IO_BATCH_H
#define IO_BATCH_H

#include <sys/uio.h>

#include "io/sys.h"

struct batch_request {
    int fd;
    int n_iov;
    struct iovec *iov;
    ssize_t result; /* bytes taken, which may be fewer than offered; or -errno; -EAGAIN: full */
};

/* The requests' sockets need not be non-blocking: nothing waits, and nothing raises SIGPIPE. */
struct batch {
    void (*send)(const struct sys *sys, struct batch_request *requests, size_t n);
};

extern const struct batch batch_each;

#endif
