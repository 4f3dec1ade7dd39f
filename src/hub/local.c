/* SPDX-License-Identifier: MIT
 *
 * hub/local.c - delivering to all who keep up
 *
 * Whoever delivers walks arrays that change under his hands, because a reader who is full moves to the other; but
 * nothing that is called here runs user code or removes anybody: queueing and closing only queue, and ends come later,
 * from the loop.
 */
#include "hub/local.h"

#include "hub/cursor.h"
#include "hub/hook.h"
#include "hub/publish.h"
#include "hub/reader.h"

static weft_hub *hub_of(const struct local *l)
{
    return l->topic->hub;
}

/* ---- what is needed -------------------------------------------------------------------------- */

/* Who needs what the log does not have any more holds nobody up: his policy applies. */
static void look_for_least(struct local *l)
{
    topic_lock(l->topic);
    uint64_t tail = log_tail(&l->topic->log);
    topic_unlock(l->topic);
    l->stale = false;
    l->least = WEFT_NEVER;
    for (uint32_t i = 0; i < l->n_behind; i++) {
        uint64_t next = l->behind[i].next;
        if (next > tail && next < l->least) l->least = next;
    }
}

/* All of b has been delivered: the log learns what is still needed, and those who wait to publish may have their turn.
 * */
static void settle(struct local *l, struct batch *b)
{
    weft_topic *t = l->topic;
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    l->under_way = WEFT_NEVER;
    l->slowest = l->least;
    batch_release(b);
    topic_trim(t, hook_time_ms(), &old);
    topic_count_memory(t);
    publish_pump(t, &w);
    topic_unlock(t);
    batch_forget(b, t->hub->env);
    leaving_free(&old);
    wakes_send(&w, t->hub);
}

/* ---- delivering ------------------------------------------------------------------------------ */

static bool is_full(int said)
{
    return said == 1 || said == WEFT_ERR_BACKLOG;
}

/* Of one who keeps up: whether he leaves the array by what he said of the entry at offset. */
static bool falls_behind(weft_reader *r, uint64_t offset, int said)
{
    struct local *l = reader_group(r)->local;
    bool may_lag = l->topic->settings->policy != WEFT_POLICY_DISCONNECT;
    if (is_full(said) && may_lag) {
        if (reader_fall_behind(r, offset + (said == 1)) == 0) {
            r->state |= READER_FULL;
            return true;
        }
        said = -ENOMEM;
    }
    if (said == WEFT_ERR_BACKLOG || said == -ENOMEM) reader_cannot_stay(r, said);
    return false;
}

static void deliver_to_group(struct group *g, uint64_t offset, void *rendering)
{
    for (uint32_t i = 0; i < g->n;) {
        weft_reader *r = g->readers[i];
        int said = rendering ? g->type->queue(r, rendering) : -ENOMEM;
        if (!said || !falls_behind(r, offset, said)) i++;
    }
}

/* skipped: so many in front of it are spared those who keep up, too. */
static void deliver(struct local *l, struct entry *e, uint64_t skipped)
{
    for (struct group *g = l->groups; g; g = g->next) {
        if (!g->n) continue;
        void *made = group_render(g, e, skipped);
        hub_counts(hub_of(l), WEFT_HUB_SKIPPED, skipped * g->n);
        deliver_to_group(g, e->seen.offset, made);
        group_give_back(g, made, skipped);
    }
}

void local_deliver(struct local *l, struct entry *e)
{
    struct batch b;
    b.cold = NULL;
    b.n = 1;
    b.entries[0] = e;
    deliver(l, e, 0);
    settle(l, &b);
}

/* Those who keep up have a loop that does not: the log has moved past what it was to deliver. */
static void all_fall_behind(struct local *l, uint64_t next)
{
    for (struct group *g = l->groups; g; g = g->next)
        for (uint32_t i = g->n; i--;)
            if (reader_fall_behind(g->readers[i], next) < 0)
                reader_cannot_stay(g->readers[i], -ENOMEM);
}

/* Under the lock: what has outlived the ring is not delivered from here. */
static void pass_over(struct local *l, struct batch *b)
{
    uint64_t tail = log_tail(&l->topic->log);
    for (struct entry *e = l->topic->log.outlived; e && e->seen.offset <= tail; e = e->next)
        if (e->seen.offset >= l->next) entry_release(e, &b->cold);
    l->next = tail + 1;
}

/* Under the lock: what those who keep up need next. Whether that is all there is. */
static bool take_next(struct local *l, struct batch *b)
{
    const struct log *log = &l->topic->log;
    b->cold = NULL;
    b->n = 0;
    b->after = l->next - 1;
    b->past = l->next <= log_tail(log);
    if (b->past) pass_over(l, b);
    l->under_way = l->next;
    for (; b->n < BATCH && l->next <= log->head; l->next++) batch_add(b, log_at(log, l->next));
    return l->next > log->head;
}

static void deliver_batch(struct local *l, struct batch *b)
{
    const weft_topic *t = l->topic;
    uint64_t before = b->after;
    if (b->past && t->settings->policy != WEFT_POLICY_LATEST) all_fall_behind(l, before + 1);
    for (uint32_t i = 0; i < b->n; i++) {
        struct entry *e = b->entries[i];
        if (l->timer && entry_is_skipped(e, topic_skips(t))) continue;
        deliver(l, e, e->seen.offset - before - 1);
        before = e->seen.offset;
    }
}

/* With max_rate: whether those who keep up may be told something now; else the timer runs. */
static bool is_due(struct local *l)
{
    if (!l->timer || l->in_round || weft_loop_now(l->part->loop) >= l->due) return true;
    weft_timer_at(l->timer, l->due);
    return false;
}

static void count_round(struct local *l, bool all)
{
    uint64_t rate = l->topic->settings->max_rate;
    if (!l->in_round && rate) l->due = weft_loop_now(l->part->loop) + 1000000 / rate;
    l->in_round = !all;
}

void local_run(struct local *l)
{
    struct batch b = {0};
    bool all = true;
    if (is_due(l)) {
        topic_lock(l->topic);
        all = take_next(l, &b);
        topic_unlock(l->topic);
        deliver_batch(l, &b);
        if (b.n) count_round(l, all);
    }
    bool more = cursors_serve(l);
    if (l->stale || l->n_behind) look_for_least(l);
    settle(l, &b);
    if (!all || more) local_again(l);
}

/* ---- waking ---------------------------------------------------------------------------------- */

static void join_dirty(struct part *p, struct local *l)
{
    atomic_store_explicit(&l->dirty, true, memory_order_relaxed);
    l->next_dirty = NULL;
    if (p->newest_dirty) p->newest_dirty->next_dirty = l;
    else p->dirty = l;
    p->newest_dirty = l;
    p->n_dirty++;
}

static bool is_dirty(const struct local *l)
{
    return atomic_load_explicit(&l->dirty, memory_order_relaxed);
}

void local_soil(struct local *l, struct wakes *w)
{
    struct part *p = l->part;
    if (is_dirty(l)) return;
    pthread_mutex_lock(&p->lock);
    bool was_dirty = is_dirty(l);
    if (!was_dirty) join_dirty(p, l);
    pthread_mutex_unlock(&p->lock);
    if (!was_dirty) wakes_add(w, p);
}

void local_again(struct local *l)
{
    struct wakes w = {0};
    local_soil(l, &w);
    wakes_send(&w, hub_of(l));
}

/* ---- they come and go ------------------------------------------------------------------------ */

static void on_time(weft_timer *t, void *user)
{
    (void)t;
    local_run(user);
}

static int make(struct local **out, weft_topic *t, struct part *p)
{
    struct local *l = hook_realloc(t->hub->env, NULL, sizeof *l);
    if (!l) return -ENOMEM;
    *l = (struct local){
        .topic = t, .part = p, .least = WEFT_NEVER, .slowest = WEFT_NEVER, .under_way = WEFT_NEVER};
    bool paced = t->settings->max_rate && topic_skips(t);
    int error = paced ? weft_timer_new(&l->timer, p->loop, on_time, l) : 0;
    if (error) hook_free(t->hub->env, l);
    else *out = l;
    return error;
}

static struct local *find(weft_topic *t, const struct part *p)
{
    topic_lock(t);
    struct local *l = t->locals;
    while (l && l->part != p) l = l->next_local;
    topic_unlock(t);
    return l;
}

int local_get(struct local **out, weft_topic *t, struct part *p)
{
    *out = find(t, p);
    int error = *out ? 0 : make(out, t, p);
    if (error || (*out)->next) return error;
    weft_topic_ref(t);
    topic_lock(t);
    (*out)->next = t->log.head + 1;
    (*out)->next_local = t->locals;
    t->locals = *out;
    topic_unlock(t);
    return 0;
}

void local_free(struct local *l)
{
    const weft_env *env = hub_of(l)->env;
    weft_topic *t = l->topic;
    weft_timer_free(l->timer);
    for (struct group *g = l->groups, *next; g; g = next) {
        next = g->next;
        hook_free(env, g->readers);
        hook_free(env, g);
    }
    hook_free(env, l->behind);
    hook_free(env, l);
    weft_topic_unref(t);
}

/* Of what is on its way here nobody will be told. Whether that was all, and it has left the topic. */
static bool leave_topic(struct local *l, struct batch *b)
{
    weft_topic *t = l->topic;
    struct local **at = &t->locals;
    topic_lock(t);
    bool all = take_next(l, b);
    l->under_way = WEFT_NEVER;
    batch_release(b);
    while (*at != l) at = &(*at)->next_local;
    if (all) *at = l->next_local;
    topic_unlock(t);
    batch_forget(b, t->hub->env);
    return all;
}

/* What was kept for those here goes, and those who waited for them may publish. */
static void leave_behind_nothing(weft_topic *t)
{
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    topic_trim(t, hook_time_ms(), &old);
    topic_count_memory(t);
    publish_pump(t, &w);
    topic_unlock(t);
    leaving_free(&old);
    wakes_send(&w, t->hub);
}

void local_leave(struct local *l)
{
    struct part *p = l->part;
    struct batch b;
    if (l->timer) weft_timer_stop(l->timer);
    while (!leave_topic(l, &b)) continue;
    leave_behind_nothing(l->topic);
    pthread_mutex_lock(&p->lock);
    l->gone = true;
    bool later = is_dirty(l);
    pthread_mutex_unlock(&p->lock);
    if (!later) local_free(l);
}
