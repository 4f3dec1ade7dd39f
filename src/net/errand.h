/* SPDX-License-Identifier: MIT
 *
 * net/errand.h - from any thread to what an id names, in the thread of its loop, where it may be gone by then
 *
 *      errand_post -> the loop that the id says -> run: errand_take, look for it, do something
 *
 * It is run exactly once, even where no loop has such an id: then on the loop that was given. A weft_errand is in
 * memory of the user's; a struct errand brings some of its own.
 */
#ifndef NET_ERRAND_H
#define NET_ERRAND_H

#include <weft/loop.h>

struct errand {
    weft_errand post; /* its run is the sender's */
    weft_id to;
    void (*fn)(void); /* what it is, and what it is called with, run knows */
    void *arg;
};

/* Copied. 0, or -ENOMEM and it is not run. Any thread. */
int errand_post(weft_loop *l, const struct errand *e);

/* For run: the errand, whose memory is free again. */
struct errand errand_take(weft_errand *p);

#endif
