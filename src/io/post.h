/* SPDX-License-Identifier: MIT
 *
 * io/post.h - work that any thread hands to the loop's
 *
 * A stack that many threads push on and one takes as a whole, turned round into the order of posting.
 * No locks; and because everything is taken at once, a post may be reused as soon as it runs.
 */
#ifndef IO_POST_H
#define IO_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct post {
    struct post *next;
    void (*run)(struct post *p); /* may free or post again what p is embedded in */
};

/* All zero is empty. */
struct posts {
    _Atomic(struct post *) newest;
};

/* Any thread. Whether there was none before: then the loop has to be woken. */
static inline bool posts_push(struct posts *q, struct post *p)
{
    struct post *newest = atomic_load_explicit(&q->newest, memory_order_relaxed);
    do p->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&q->newest, &newest, p, memory_order_release,
                                                  memory_order_relaxed));
    return newest == NULL;
}

/* Run what is there now; what these post has to wait for the next call. Whether there was any. */
static inline bool posts_run(struct posts *q)
{
    struct post *newest = atomic_exchange_explicit(&q->newest, NULL, memory_order_acquire);
    struct post *oldest = NULL;
    while (newest) {
        struct post *p = newest;
        newest = p->next;
        p->next = oldest;
        oldest = p;
    }
    bool any = oldest != NULL;
    while (oldest) {
        struct post *p = oldest;
        oldest = p->next;
        p->run(p);
    }
    return any;
}

#endif
