/* SPDX-License-Identifier: MIT
 *
 * io/batch.c - with the ring where there is one and it pays
 *
 * Entering the ring costs about as much as one send; from the second on it saves.
 */
#include "io/batch.h"

enum { RING_MIN = 2 };

void batch_send(struct ring *ring, const struct sys *sys, struct batch_request *requests, size_t n)
{
    size_t done = ring && n >= RING_MIN ? ring_send(ring, sys, requests, n) : 0;
    batch_each(sys, requests + done, n - done);
}
