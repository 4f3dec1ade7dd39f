/* SPDX-License-Identifier: MIT
 *
 * io/post.h - errands that any thread hands to the loop's
 *
 * A stack that many threads push on and one takes as a whole, turned round into the order of posting.
 * No locks; and because everything is taken at once, an errand may be posted again as soon as it runs.
 *
 * out says that it is on its way: set by who posts, cleared right before it runs. Both exchange it, so who finds it set
 * knows that the run to come sees what he has written. It is no atomic type, because C++ has to read the header.
 */
#ifndef IO_POST_H
#define IO_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <weft/loop.h>

/* All zero is empty. */
struct posts {
    _Atomic(weft_errand *) newest;
};

/* Any thread. false: it is on its way already. */
static inline bool posts_claim(weft_errand *e)
{
    return !__atomic_exchange_n(&e->out, 1, __ATOMIC_ACQ_REL);
}

/* One that was claimed. Any thread. Whether there was none before: then the loop has to be woken. */
static inline bool posts_push(struct posts *q, weft_errand *e)
{
    weft_errand *newest = atomic_load_explicit(&q->newest, memory_order_relaxed);
    do e->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&q->newest, &newest, e, memory_order_release,
                                                  memory_order_relaxed));
    return newest == NULL;
}

/* Any thread; what another one posts meanwhile may be missed. */
static inline bool posts_any(const struct posts *q)
{
    return atomic_load_explicit(&q->newest, memory_order_relaxed) != NULL;
}

/* The loop says in whose thread it is: who posts may do so while the run before goes on. */
static inline void posts_run_one(weft_errand *e, weft_loop *l)
{
    e->loop = l;
    (void)__atomic_exchange_n(&e->out, 0, __ATOMIC_ACQ_REL);
    e->run(e);
}

/* Run what is there now, in the loop's thread; what these post has to wait for the next call. Whether there was any. */
static inline bool posts_run(struct posts *q, weft_loop *l)
{
    weft_errand *newest = atomic_exchange_explicit(&q->newest, NULL, memory_order_acquire);
    weft_errand *oldest = NULL;
    while (newest) {
        weft_errand *e = newest;
        newest = e->next;
        e->next = oldest;
        oldest = e;
    }
    bool any = oldest != NULL;
    while (oldest) {
        weft_errand *e = oldest;
        oldest = e->next;
        posts_run_one(e, l);
    }
    return any;
}

#endif
