/* SPDX-License-Identifier: MIT
 *
 * hub/part.c - parts come, are woken, and run
 */
#include "hub/part.h"

#include <string.h>

#include "hub/hook.h"
#include "hub/local.h"
#include "hub/publish.h"

static struct part *first(const weft_hub *h)
{
    return atomic_load_explicit(&h->parts, memory_order_acquire);
}

struct part *part_mine(const weft_hub *h)
{
    struct part *p = first(h);
    while (p && !weft_loop_is_mine(p->loop)) p = p->next;
    return p;
}

struct part *part_passing(const weft_hub *h, const weft_topic *t)
{
    struct part *p = first(h);
    while (p && !(weft_loop_is_mine(p->loop) && p->passing == t)) p = p->next;
    return p;
}

/* ---- to run ---------------------------------------------------------------------------------- */

static struct local *next_dirty(struct part *p)
{
    pthread_mutex_lock(&p->lock);
    struct local *l = p->dirty;
    p->dirty = l->next_dirty;
    if (!p->dirty) p->newest_dirty = NULL;
    p->n_dirty--;
    atomic_store_explicit(&l->dirty, false, memory_order_relaxed);
    pthread_mutex_unlock(&p->lock);
    return l;
}

/* Those that are dirty now; who gets dirty by that has his turn in the next one. */
static void run_locals(struct part *p)
{
    pthread_mutex_lock(&p->lock);
    size_t n = p->n_dirty;
    pthread_mutex_unlock(&p->lock);
    while (n--) {
        struct local *l = next_dirty(p);
        if (l->gone) local_free(l);
        else local_run(l);
    }
}

static void run(weft_errand *e)
{
    struct part *p = (struct part *)(void *)((char *)e - offsetof(struct part, errand));
    weft_hub *h = p->hub;
    run_locals(p);
    publish_run_turns(p);
    hub_unref(h);
}

void part_wake(struct part *p)
{
    hub_ref(p->hub);
    if (!weft_errand_post(p->loop, 0, &p->errand)) hub_unref(p->hub);
}

void wakes_send(const struct wakes *w, const weft_hub *h)
{
    for (struct part *p = first(h); p; p = p->next)
        if (w->bits[p->number / 64] >> p->number % 64 & 1) part_wake(p);
}

/* ---- they come and go ------------------------------------------------------------------------ */

static struct part *part_new(weft_hub *h, weft_loop *l)
{
    struct part *p = hook_realloc(h->env, NULL, sizeof *p);
    if (!p) return NULL;
    *p = (struct part){.hub = h, .loop = l, .errand.run = run};
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void part_stop(struct part *p)
{
    weft_timer_free(p->tick);
    p->tick = NULL;
    while (p->n_dirty) local_free(next_dirty(p));
}

void part_free(struct part *p)
{
    weft_hub *h = p->hub;
    pthread_mutex_destroy(&p->lock);
    hook_free(h->env, p);
}

int part_of(struct part **out, weft_hub *h, weft_loop *l)
{
    for (*out = first(h); *out; *out = (*out)->next)
        if ((*out)->loop == l) return 0;
    struct part *p = part_new(h, l);
    if (!p) return -ENOMEM;
    p->next = first(h);
    do p->number = p->next ? p->next->number + 1 : 0;
    while (p->number < PARTS_MAX &&
           !atomic_compare_exchange_weak_explicit(&h->parts, &p->next, p, memory_order_acq_rel,
                                                  memory_order_acquire));
    if (p->number == PARTS_MAX) {
        part_free(p);
        return -ENOSPC;
    }
    *out = p;
    return 0;
}
