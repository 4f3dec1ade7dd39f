/* SPDX-License-Identifier: MIT
 *
 * hub/lookout.c - the list of new topics, and who goes through it
 */
#include "hub/lookout.h"

#include "hub/hook.h"
#include "hub/names.h"
#include "hub/topic.h"

struct weft_lookout {
    weft_lookout *next_lookout;
    weft_hub *hub;
    struct part *part;
    struct task task;
    weft_topic *next; /* of the new ones he has yet to hear of; under the lookouts' lock, as last */
    weft_topic *last; /* when he is gone: the last of those */
    void (*on_topic)(weft_topic *t, void *user);
    void *user;
    bool telling; /* he is being told */
    bool gone;    /* to be freed when it is no longer due */
};

void lookouts_init(weft_hub *h)
{
    pthread_mutex_init(&h->lookouts.lock, NULL);
}

void lookouts_deinit(weft_hub *h)
{
    pthread_mutex_destroy(&h->lookouts.lock);
}

/* ---- new topics ------------------------------------------------------------------------------ */

void lookouts_add(weft_topic *t, struct wakes *w)
{
    struct lookouts *all = &t->hub->lookouts;
    pthread_mutex_lock(&all->lock);
    t->unheard = all->n;
    t->is_new = all->n > 0;
    if (t->is_new) {
        weft_topic_ref(t);
        *(all->newest ? &all->newest->next_new : &all->oldest) = t;
        all->newest = t;
    }
    for (weft_lookout *l = all->first; l; l = l->next_lookout) {
        if (!l->next) l->next = t;
        part_leave(l->part, &l->task, w);
    }
    pthread_mutex_unlock(&all->lock);
}

/* Nobody has to be told of it any more, and it keeps what its settings say. */
static void is_known(weft_topic *t)
{
    struct leaving old = {0};
    topic_lock(t);
    t->is_new = false;
    topic_expire(t, &old);
    topic_unlock(t);
    leaving_free(&old);
    weft_topic_unref(t);
}

/* One who was told when it was made is through with it. All go through the list in its order, so it is the oldest. */
static void is_heard(weft_topic *t)
{
    struct lookouts *all = &t->hub->lookouts;
    pthread_mutex_lock(&all->lock);
    bool by_all = --t->unheard == 0;
    if (by_all) all->oldest = t->next_new;
    if (by_all && !all->oldest) all->newest = NULL;
    pthread_mutex_unlock(&all->lock);
    if (by_all) is_known(t);
}

static weft_topic *take_next(weft_lookout *w)
{
    struct lookouts *all = &w->hub->lookouts;
    pthread_mutex_lock(&all->lock);
    weft_topic *t = w->next;
    if (t) w->next = t == w->last ? NULL : t->next_new;
    pthread_mutex_unlock(&all->lock);
    return t;
}

/* ---- hearing --------------------------------------------------------------------------------- */

static void hear(weft_lookout *w, weft_topic *t)
{
    w->telling = true;
    w->on_topic(t, w->user);
    w->telling = false;
    is_heard(t);
}

/* Without being told. */
static void pass_all(weft_lookout *w)
{
    for (weft_topic *t; (t = take_next(w));) is_heard(t);
}

static void lookout_free(weft_lookout *w)
{
    pass_all(w);
    hook_free(w->hub->env, w);
}

static void go_on(weft_lookout *w)
{
    struct wakes wakes = {0};
    part_leave(w->part, &w->task, &wakes);
    wakes_send(&wakes, w->hub);
}

static void run(struct task *task)
{
    weft_lookout *w = (weft_lookout *)(void *)((char *)task - offsetof(weft_lookout, task));
    weft_topic *t = NULL;
    int n = 0;
    while (!w->gone && n++ < BATCH && (t = take_next(w))) hear(w, t);
    if (w->gone) lookout_free(w);
    else if (t) go_on(w);
}

/* ---- they come and go ------------------------------------------------------------------------ */

static void join(struct lookouts *all, weft_lookout *w)
{
    pthread_mutex_lock(&all->lock);
    w->next_lookout = all->first;
    all->first = w;
    all->n++;
    atomic_store_explicit(&all->any, true, memory_order_relaxed);
    pthread_mutex_unlock(&all->lock);
}

static void leave(struct lookouts *all, weft_lookout *w)
{
    weft_lookout **at = &all->first;
    pthread_mutex_lock(&all->lock);
    while (*at != w) at = &(*at)->next_lookout;
    *at = w->next_lookout;
    w->last = all->newest;
    atomic_store_explicit(&all->any, --all->n > 0, memory_order_relaxed);
    pthread_mutex_unlock(&all->lock);
}

int weft_lookout_new(weft_lookout **out, weft_hub *h, weft_loop *l,
                     void (*on_topic)(weft_topic *t, void *user), void *user)
{
    struct part *p;
    *out = NULL;
    int error = part_of(&p, h, l);
    if (error) return error;
    weft_lookout *w = hook_realloc(h->env, NULL, sizeof *w);
    if (!w) return -ENOMEM;
    *w = (weft_lookout){.hub = h, .part = p, .task.run = run, .on_topic = on_topic, .user = user};
    join(&h->lookouts, w);
    *out = w;
    return 0;
}

void weft_lookout_free(weft_lookout *w)
{
    if (!w) return;
    leave(&w->hub->lookouts, w);
    w->gone = true;
    if (!w->telling && !part_has(w->part, &w->task)) lookout_free(w);
}

/* ---- those that are there -------------------------------------------------------------------- */

static bool walk_shard(struct held *held, bool (*each)(weft_topic *t, void *user), void *user)
{
    bool more = true;
    for (size_t i = 0; i < held->n; i++) {
        if (more) more = each(held->topics[i], user);
        weft_topic_unref(held->topics[i]);
    }
    return more;
}

int weft_topic_walk(weft_hub *h, weft_bytes prefix, bool (*each)(weft_topic *t, void *user),
                    void *user)
{
    struct held held = {0};
    int error = 0;
    bool more = true;
    for (int i = 0; i < SHARDS && more && !error; i++) {
        error = names_hold(h, &h->shards[i], prefix, &held);
        more = walk_shard(&held, each, user);
    }
    hook_free(h->env, held.topics);
    return error;
}
