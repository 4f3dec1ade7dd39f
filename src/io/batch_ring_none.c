/* SPDX-License-Identifier: MIT
 *
 * io/batch_ring_none.c - in the place of batch_ring.c where there is no liburing
 */
#include <errno.h>

#include "io/batch.h"

int ring_init_real(unsigned entries, struct io_uring *uring, unsigned flags)
{
    (void)entries, (void)uring, (void)flags;
    return -ENOSYS;
}

int ring_submit_real(struct io_uring *uring)
{
    (void)uring;
    return -ENOSYS;
}

int ring_new(struct ring **out, const weft_env *env, const struct sys *sys)
{
    (void)out, (void)env;
    return sys->ring_init(0, NULL, 0);
}

void ring_free(struct ring *r)
{
    (void)r;
}

size_t ring_send(struct ring *r, const struct sys *sys, struct batch_request *requests, size_t n)
{
    (void)r, (void)sys, (void)requests, (void)n;
    return 0;
}
