/* SPDX-License-Identifier: MIT
 *
 * io/batch_each.c - one system call for each request
 */
#include "io/batch.h"

#include <errno.h>

static const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

/* One piece, the usual case, is cheaper without a msghdr to copy in. */
static ssize_t send_one(const struct sys *sys, const struct batch_request *r)
{
    if (r->n_iov == 1) return sys->send(r->fd, r->iov[0].iov_base, r->iov[0].iov_len, flags);
    struct msghdr msg = {.msg_iov = r->iov, .msg_iovlen = (size_t)r->n_iov};
    return sys->sendmsg(r->fd, &msg, flags);
}

void batch_each(const struct sys *sys, struct batch_request *requests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ssize_t sent = send_one(sys, &requests[i]);
        requests[i].result = sent < 0 ? -errno : sent;
    }
}
