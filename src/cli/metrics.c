/* SPDX-License-Identifier: MIT
 *
 * cli/metrics.c - tallies, and the samples that they take
 *
 * A thread finds its tally by a variable of its own. Tallies are only added, at the head of a list.
 */
#include "cli/metrics.h"

#include <stddef.h>
#include <stdlib.h>

static _Thread_local struct {
    const struct metrics *of;
    struct metrics_tally *tally;
} mine;

/* ---- written by one, read by others ---------------------------------------------------------- */

static void add(uint64_t *n, uint64_t more)
{
    __atomic_store_n(n, *n + more, __ATOMIC_RELAXED);
}

static uint64_t get(const uint64_t *n)
{
    return __atomic_load_n(n, __ATOMIC_RELAXED);
}

static void measure(struct metrics_histogram *h, uint64_t us)
{
    add(&h->buckets[metrics_bucket(us)], 1);
    add(&h->sum_us, us);
}

static void sum(struct metrics_histogram *to, const struct metrics_histogram *from)
{
    for (size_t i = 0; i <= METRICS_BUCKETS; i++) to->buckets[i] += get(&from->buckets[i]);
    to->sum_us += get(&from->sum_us);
}

/* ---- samples --------------------------------------------------------------------------------- */

static void on_time(weft_timer *timer, void *user)
{
    struct metrics_tally *t = user;
    (void)timer;
    uint64_t now = weft_loop_now(t->errand.loop);
    measure(&t->lag, now > t->due_us ? now - t->due_us : 0);
    t->tired = false;
}

/* Without memory for a timer there are no more samples. */
static void rest(struct metrics_tally *t)
{
    weft_loop *l = t->errand.loop;
    if (!t->timer && weft_timer_new(&t->timer, l, on_time, t) < 0) return;
    t->due_us = weft_loop_now(l) + METRICS_REST_MS * UINT64_C(1000);
    weft_timer_at(t->timer, t->due_us);
}

/* Until it is another turn, at whose beginning the kernel has just been given what was queued in the one before. */
static void on_errand(weft_errand *e)
{
    struct metrics_tally *t = (void *)((char *)e - offsetof(struct metrics_tally, errand));
    uint64_t now = weft_loop_now(e->loop);
    if (now == t->began_us && !t->again) {
        t->again = true;
        (void)weft_errand_post(e->loop, 0, e);
        return;
    }
    measure(&t->to_socket, now - t->began_us);
    rest(t);
}

static void begin(struct metrics_tally *t, weft_loop *l)
{
    t->tired = true;
    t->again = false;
    t->began_us = weft_loop_now(l);
    (void)weft_errand_post(l, 0, &t->errand);
}

/* ---- counting -------------------------------------------------------------------------------- */

/* NULL: no memory, and nobody counts. */
static struct metrics_tally *make(struct metrics *m)
{
    struct metrics_tally *t = aligned_alloc(_Alignof(struct metrics_tally), sizeof *t);
    if (!t) return NULL;
    *t = (struct metrics_tally){.errand.run = on_errand};
    t->next = atomic_load_explicit(&m->tallies, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&m->tallies, &t->next, t, memory_order_release,
                                                  memory_order_relaxed))
        continue;
    mine.of = m;
    mine.tally = t;
    return t;
}

static inline struct metrics_tally *tally(struct metrics *m)
{
    return mine.of == m ? mine.tally : make(m);
}

void metrics_received(struct metrics *m)
{
    struct metrics_tally *t = tally(m);
    if (t) add(&t->received, 1);
}

void metrics_published(struct metrics *m, weft_loop *l)
{
    struct metrics_tally *t = tally(m);
    if (!t) return;
    add(&t->published, 1);
    if (!t->tired) begin(t, l);
}

void metrics_sum(const struct metrics *m, struct metrics_totals *out)
{
    *out = (struct metrics_totals){0};
    const struct metrics_tally *t = atomic_load_explicit(&m->tallies, memory_order_acquire);
    for (; t; t = t->next) {
        out->received += get(&t->received);
        out->published += get(&t->published);
        sum(&out->to_socket, &t->to_socket);
        sum(&out->lag, &t->lag);
    }
}

void metrics_deinit(struct metrics *m)
{
    for (struct metrics_tally *t = atomic_load(&m->tallies), *next; t; t = next) {
        next = t->next;
        free(t);
    }
    atomic_store(&m->tallies, NULL);
    mine.of = NULL;
}
