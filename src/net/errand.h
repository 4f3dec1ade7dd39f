/* SPDX-License-Identifier: MIT
 *
 * net/errand.h - from any thread to what an id names, in the thread of its loop, where it may be gone by then
 *
 *      errand_post -> the loop that the id says -> run: errand_take, look for it, do something
 *
 * It is run exactly once, even where no loop has such an id: then on the loop that was given.
 */
#ifndef NET_ERRAND_H
#define NET_ERRAND_H

#include "io/post.h"
#include <weft/loop.h>

struct errand {
    struct post post; /* its run is the sender's */
    weft_loop *loop;  /* in whose thread it runs */
    weft_id to;
    void (*fn)(void); /* what it is, and what it is called with, run knows */
    void *arg;
};

/* Copied, but for its loop. 0, or -ENOMEM and it is not run. Any thread. */
int errand_post(weft_loop *l, const struct errand *e);

/* For run: the errand, whose memory is free again. */
struct errand errand_take(struct post *p);

#endif
