/* SPDX-License-Identifier: MIT
 *
 * io/batch_ring.c - one io_uring_enter for all requests
 *
 *      requests --> submission queue --[io_uring_submit]--> completion queue --> results
 *
 * With MSG_DONTWAIT a send is complete when the submission returns: bytes, or -EAGAIN, or -errno. So
 * nothing is ever in flight, and nothing has to outlive the call.
 *
 * What a ring is asked for is no system call, and so no filter of system calls sees it. So before it is enabled it is
 * restricted to what is asked of it here, send and sendmsg: whoever runs code in the process has nothing more of it. A
 * kernel that cannot (before 5.10) has no ring for us.
 *
 * A ring belongs to the first thread that uses it. A loop that moves to another thread after that has it
 * opened anew. Whatever goes wrong with it is for ever: what the kernel has taken is
 * waited for, the rest is left to the caller, and no request comes here again.
 */
#include <errno.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "io/batch.h"

struct ring {
    const weft_env *env;
    bool open, broken;
    struct io_uring uring;
    struct msghdr messages[BATCH_MAX];
};

/* Some liburings do not export io_uring_register_restrictions and io_uring_enable_rings (2.3). */
static int register_with(const struct io_uring *uring, unsigned what, const void *arg, unsigned n)
{
    return syscall(SYS_io_uring_register, uring->ring_fd, what, arg, n) < 0 ? -errno : 0;
}

/* No flags of requests, and nothing registered. */
static int restrict_to_sending(struct io_uring *uring)
{
    struct io_uring_restriction allowed[] = {
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SEND},
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SENDMSG},
    };
    return register_with(uring, IORING_REGISTER_RESTRICTIONS, allowed,
                         sizeof allowed / sizeof *allowed);
}

int ring_init_real(unsigned entries, struct io_uring *uring, unsigned flags)
{
    int error = io_uring_queue_init(entries, uring, flags | IORING_SETUP_R_DISABLED);
    if (error) return error;
    error = restrict_to_sending(uring);
    if (error) io_uring_queue_exit(uring);
    return error;
}

/* Nobody has used it before: it is this thread's from now on. */
static int enable_and_submit(struct io_uring *uring)
{
    int error = register_with(uring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    return error ? error : io_uring_submit(uring);
}

int ring_submit_real(struct io_uring *uring)
{
    int n = io_uring_submit(uring);
    return n == -EBADFD ? enable_and_submit(uring) : n;
}

/* Kernels before 6.1 do not know the flags that make it cheaper. */
static int open_ring(struct ring *r, const struct sys *sys)
{
    int error = sys->ring_init(BATCH_MAX, &r->uring,
                               IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (error == -EINVAL) error = sys->ring_init(BATCH_MAX, &r->uring, 0);
    r->open = error == 0;
    return error;
}

int ring_new(struct ring **out, const weft_env *env, const struct sys *sys)
{
    struct ring *r = mem_zalloc(env, sizeof *r);
    if (!r) return -ENOMEM;
    r->env = env;
    int error = open_ring(r, sys);
    if (error < 0) {
        mem_free(env, r);
        return error;
    }
    *out = r;
    return 0;
}

void ring_free(struct ring *r)
{
    if (!r) return;
    if (r->open) io_uring_queue_exit(&r->uring);
    mem_free(r->env, r);
}

static void give_up(struct ring *r, int error)
{
    r->broken = true;
    log_line(r->env, WEFT_LOG_WARN,
             "io_uring failed (%s): from now on one system call for each send",
             weft_strerror(error));
}

static void prepare(struct ring *r, const struct batch_request *q, size_t i)
{
    static const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
    struct msghdr *msg = &r->messages[i];
    if (q->n_iov == 1) {
        io_uring_prep_send(sqe, q->fd, q->iov[0].iov_base, q->iov[0].iov_len, flags);
    } else {
        *msg = (struct msghdr){.msg_iov = q->iov, .msg_iovlen = (size_t)q->n_iov};
        io_uring_prep_sendmsg(sqe, q->fd, msg, (unsigned)flags);
    }
    sqe->user_data = i;
}

/* The first n requests were submitted: their results. The kernel has written them by now; should it
 * have not, this waits. */
static int collect(struct ring *r, struct batch_request *requests, size_t n)
{
    while (n) {
        struct io_uring_cqe *cqe;
        int error = io_uring_wait_cqe(&r->uring, &cqe);
        if (error == -EINTR) continue;
        if (error < 0) return error;
        requests[cqe->user_data].result = cqe->res;
        io_uring_cqe_seen(&r->uring, cqe);
        n--;
    }
    return 0;
}

/* How many of the requests the kernel has taken, or -errno. */
static int submit(struct ring *r, const struct sys *sys, const struct batch_request *requests,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) prepare(r, &requests[i], i);
    return sys->ring_submit(&r->uring);
}

static int submit_anew(struct ring *r, const struct sys *sys, const struct batch_request *requests,
                       size_t n)
{
    io_uring_queue_exit(&r->uring);
    int error = open_ring(r, sys);
    return error ? error : submit(r, sys, requests, n);
}

size_t ring_send(struct ring *r, const struct sys *sys, struct batch_request *requests, size_t n)
{
    if (r->broken) return 0;
    int taken = submit(r, sys, requests, n);
    if (taken == -EEXIST) taken = submit_anew(r, sys, requests, n); /* another thread's */
    size_t done = taken < 0 ? 0 : (size_t)taken;
    int error = collect(r, requests, done);
    if (error == 0 && done < n) error = taken < 0 ? taken : -EBUSY;
    if (error < 0) give_up(r, error);
    return done;
}
