/* SPDX-License-Identifier: MIT
 *
 * hub/part.c - parts come, are woken, and run
 */
#include "hub/part.h"

#include "hub/hook.h"
#include "hub/lookout.h"

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

/* ---- tasks ----------------------------------------------------------------------------------- */

static bool is_due(const struct task *task)
{
    return atomic_load_explicit(&task->due, memory_order_relaxed);
}

static void append(struct part *p, struct task *task)
{
    atomic_store_explicit(&task->due, true, memory_order_relaxed);
    task->next = NULL;
    *(p->last ? &p->last->next : &p->first) = task;
    p->last = task;
    p->n_tasks++;
}

static void wakes_add(struct wakes *w, const struct part *p)
{
    w->bits[p->number / 64] |= UINT64_C(1) << p->number % 64;
}

void part_leave(struct part *p, struct task *task, struct wakes *w)
{
    if (is_due(task)) return;
    pthread_mutex_lock(&p->lock);
    bool is_new = !is_due(task);
    if (is_new) append(p, task);
    pthread_mutex_unlock(&p->lock);
    if (is_new) wakes_add(w, p);
}

bool part_has(struct part *p, const struct task *task)
{
    pthread_mutex_lock(&p->lock);
    bool has = is_due(task);
    pthread_mutex_unlock(&p->lock);
    return has;
}

static struct task *take(struct part *p)
{
    pthread_mutex_lock(&p->lock);
    struct task *task = p->first;
    p->first = task->next;
    if (!p->first) p->last = NULL;
    p->n_tasks--;
    atomic_store_explicit(&task->due, false, memory_order_relaxed);
    pthread_mutex_unlock(&p->lock);
    return task;
}

/* Those that are there now; what is left meanwhile is for the next turn. */
static void run_all(struct part *p)
{
    pthread_mutex_lock(&p->lock);
    size_t n = p->n_tasks;
    pthread_mutex_unlock(&p->lock);
    while (n--) {
        struct task *task = take(p);
        task->run(task);
    }
}

static void run(weft_errand *e)
{
    struct part *p = (struct part *)(void *)((char *)e - offsetof(struct part, errand));
    weft_hub *h = p->hub;
    run_all(p);
    hub_unref(h);
}

static void wake(struct part *p)
{
    hub_ref(p->hub);
    if (!weft_errand_post(p->loop, 0, &p->errand)) hub_unref(p->hub);
}

void wakes_send(const struct wakes *w, const weft_hub *h)
{
    for (struct part *p = first(h); p; p = p->next)
        if (w->bits[p->number / 64] >> p->number % 64 & 1) wake(p);
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
    run_all(p);
}

static void part_free(struct part *p)
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

/* ---- the last errand is done ----------------------------------------------------------------- */

static void hub_free(weft_hub *h)
{
    for (struct part *p = first(h), *next; p; p = next) {
        next = p->next;
        part_free(p);
    }
    for (struct settings *s = h->settings, *next; s; s = next) {
        next = s->next;
        hook_free(h->env, s);
    }
    pthread_mutex_destroy(&h->settings_lock);
    lookouts_deinit(h);
    hook_free(h->env, h);
}

void hub_unref(weft_hub *h)
{
    if (atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) == 1) hub_free(h);
}
