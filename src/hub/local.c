/* SPDX-License-Identifier: MIT
 *
 * hub/local.c - delivering: to all who keep up, and to cursors a batch at a time
 *
 * Whoever delivers walks arrays that change under his hands, because a reader who is full moves to the other; but
 * nothing that is called here runs user code or removes anybody: queueing and closing only queue, and ends come later,
 * from the loop.
 */
#include "hub/local.h"

#include "hub/hook.h"
#include "hub/publish.h"
#include "hub/reader.h"

static weft_hub *hub_of(const struct local *l)
{
    return l->topic->hub;
}

/* ---- entries under way ----------------------------------------------------------------------- */

/* References from the log, each with its heat. */
struct batch {
    uint64_t after; /* what is behind it was asked for */
    uint64_t next;  /* the offset to go on with */
    weft_seek loss; /* if lost is not 0: told before them */
    bool more;      /* there is more to be had at once */
    bool passed;    /* the log had moved past after */
    uint32_t n;
    struct entry *entries[BATCH];
};

static void let_go(weft_topic *t, struct entry *e)
{
    if (entry_release(e)) {
        topic_lock(t);
        struct rendering *old = entry_cool(e);
        topic_unlock(t);
        entry_forget(old, e->env);
    }
    entry_unref(e);
}

static void batch_let_go(weft_topic *t, struct batch *b)
{
    for (uint32_t i = 0; i < b->n; i++) let_go(t, b->entries[i]);
    b->n = 0;
}

/* ---- one entry, one reader ------------------------------------------------------------------- */

/* He cannot stay. Until his carrier is gone he says that he is closing. */
static void end(weft_reader *r, int error)
{
    const struct group *g = reader_group(r);
    if (r->state & READER_LEAVING) return;
    r->state |= READER_LEAVING;
    hub_counts(hub_of(g->local), WEFT_HUB_ENDED, 1);
    g->type->end(r, error);
}

static bool is_full(int said)
{
    return said == 1 || said == WEFT_ERR_BACKLOG;
}

/* Of one who keeps up and had all before from: whether he leaves the array by what he said of the entry at offset. */
static bool falls_behind(weft_reader *r, uint64_t from, uint64_t offset, int said)
{
    bool may_lag = reader_group(r)->local->topic->settings->policy != WEFT_POLICY_DISCONNECT;
    if (is_full(said) && may_lag) {
        if (reader_fall_behind(r, said == 1 ? offset + 1 : from) == 0) {
            r->state |= READER_FULL;
            return true;
        }
        said = -ENOMEM;
    }
    if (said == WEFT_ERR_BACKLOG || said == -ENOMEM) end(r, said);
    return false;
}

/* ---- all who keep up ------------------------------------------------------------------------- */

static void deliver_to_group(struct group *g, uint64_t from, uint64_t offset, void *rendering)
{
    for (uint32_t i = 0; i < g->n;) {
        weft_reader *r = g->readers[i];
        int said = rendering ? g->type->queue(r, rendering) : -ENOMEM;
        if (!said || !falls_behind(r, from, offset, said)) i++;
    }
}

/* skipped: so many in front of it are spared those who keep up, too. */
static void deliver(struct local *l, struct entry *e, uint64_t skipped)
{
    uint32_t were_behind = l->n_behind;
    uint64_t offset = e->seen.offset;
    for (struct group *g = l->groups; g; g = g->next) {
        if (!g->n) continue;
        bool own = skipped && g->type->render;
        void *made =
            own ? g->type->render(l->topic, &e->seen, skipped) : entry_render(e, l->topic, g->type);
        hub_counts(hub_of(l), WEFT_HUB_SKIPPED, skipped * g->n);
        deliver_to_group(g, offset - skipped, offset, made);
        if (own && made) g->type->unref(made);
    }
    if (l->n_behind != were_behind) l->stale = true;
}

void local_deliver(struct local *l, struct entry *e)
{
    deliver(l, e, 0);
    let_go(l->topic, e);
    local_settle(l);
}

/* Those who keep up have a loop that does not: the log has moved past what it was to deliver. */
static void all_fall_behind(struct local *l, uint64_t next)
{
    for (struct group *g = l->groups; g; g = g->next)
        for (uint32_t i = g->n; i--;)
            if (reader_fall_behind(g->readers[i], next) < 0) end(g->readers[i], -ENOMEM);
    l->stale = true;
}

/* Under the lock. */
static void drop(struct entry *e)
{
    if (entry_release(e)) entry_forget(entry_cool(e), e->env);
    entry_unref(e);
}

/* Under the lock: what the log has moved past is delivered to nobody here, be it kept for its key. */
static void move_on(struct local *l)
{
    const struct log *log = &l->topic->log;
    struct entry *e = log->newest_outlived;
    for (; e && e->seen.offset >= l->next; e = e->previous)
        if (entry_release(e)) entry_forget(entry_cool(e), e->env);
    l->next = log_tail(log) + 1;
}

/* Under the lock: what those who keep up need next, at most so many. Whether that is all there is. */
static bool take_next(struct local *l, struct batch *b, uint32_t most)
{
    struct log *log = &l->topic->log;
    bool skips = l->topic->settings->max_rate;
    b->after = l->next - 1;
    b->passed = l->next <= log_tail(log);
    if (b->passed) move_on(l);
    if (l->next < l->under_way) l->under_way = l->next;
    for (b->n = 0; b->n < most && l->next <= log->head; l->next++) {
        struct entry *e = entry_ref(log_at(log, l->next));
        if (!entry_is_skipped(e, skips)) b->entries[b->n++] = e;
        else drop(e);
    }
    b->next = l->next;
    return l->next > log->head;
}

static void deliver_batch(struct local *l, struct batch *b)
{
    uint64_t before = b->after;
    bool fits = !b->passed || l->topic->settings->policy == WEFT_POLICY_LATEST;
    if (!fits) all_fall_behind(l, b->after + 1);
    for (uint32_t i = 0; i < b->n; i++) {
        uint64_t offset = b->entries[i]->seen.offset;
        deliver(l, b->entries[i], fits ? offset - before - 1 : 0);
        before = offset;
    }
}

/* Whether that was all. */
static bool keep_up(struct local *l)
{
    struct batch b;
    topic_lock(l->topic);
    bool all = take_next(l, &b, l->timer ? 1 : BATCH);
    topic_unlock(l->topic);
    deliver_batch(l, &b);
    batch_let_go(l->topic, &b);
    return all;
}

/* Under the lock: where he begins, and that this is to stay. */
static void find_place(struct local *l, const weft_since *since, weft_seek *seek)
{
    topic_seek(l->topic, since, seek);
    if (seek->at.offset + 1 < l->under_way) l->under_way = seek->at.offset + 1;
}

/* With max_rate nobody is told anything before it is due. */
void local_bring_up(struct local *l, const weft_since *since, weft_seek *seek)
{
    struct leaving old = {0};
    struct wakes w = {0};
    struct batch b = {0};
    for (bool all = false; !all;) {
        topic_lock(l->topic);
        all = l->timer || take_next(l, &b, BATCH);
        topic_trim(l->topic, hook_time_ms(), &old, &w);
        if (all) find_place(l, since, seek);
        topic_unlock(l->topic);
        deliver_batch(l, &b);
        batch_let_go(l->topic, &b);
    }
    wakes_send(&w, hub_of(l));
    leaving_free(&old);
}

/* ---- cursors --------------------------------------------------------------------------------- */

/* Whether a policy lets those go who need what the log has dropped; what was cleared is a loss all the same. */
static bool is_spared(const weft_topic *t)
{
    return topic_skips(t) || t->settings->policy == WEFT_POLICY_DROP_OLDEST;
}

/* Under the lock: where a policy lets one go on who needs next, and what of that is a loss. */
static uint64_t goes_on_after(const struct local *l, uint64_t next, weft_seek *loss)
{
    const weft_topic *t = l->topic;
    uint64_t gone = is_spared(t) ? t->log.cleared : log_tail(&t->log), newest = l->next - 1;
    *loss = (weft_seek){0};
    if (t->settings->policy == WEFT_POLICY_LATEST && newest > next && newest > gone) return newest - 1;
    if (next > gone) return next - 1;
    *loss = (weft_seek){topic_position(t, gone), topic_position(t, t->log.head), gone + 1 - next};
    return gone;
}

/* Under the lock: what is left when nothing in front of l->next was to be told any more. Where the policy has passed over
 * the last of it, because there is something newer that those who keep up have not been told yet, he waits for that: so
 * that he hears how much he was spared; and where a loss reaches further than they have come. */
static uint64_t when_through(const struct local *l, const struct batch *b)
{
    uint64_t told = b->n ? b->entries[b->n - 1]->seen.offset : b->loss.lost ? b->loss.at.offset : b->after;
    return told + 1 > l->next || l->next <= l->topic->log.head ? told + 1 : l->next;
}

/* What a cursor that needs next is told next, up to where those who keep up are. */
static void take_for_cursor(const struct local *l, uint64_t next, struct batch *b)
{
    weft_topic *t = l->topic;
    struct entry *e = NULL;
    topic_lock(t);
    b->after = next - 1;
    uint64_t at = goes_on_after(l, next, &b->loss);
    for (b->n = 0; b->n < BATCH && (e = log_after(&t->log, at, l->next, topic_skips(t)));) {
        at = e->seen.offset;
        atomic_fetch_add_explicit(&e->hot, 1, memory_order_relaxed);
        b->entries[b->n++] = entry_ref(e);
    }
    b->more = b->n == BATCH;
    b->next = b->more ? at + 1 : when_through(l, b);
    topic_unlock(t);
}

static int queue(weft_reader *r, struct entry *e, uint64_t skipped)
{
    const struct group *g = reader_group(r);
    weft_topic *t = g->local->topic;
    bool own = skipped && g->type->render;
    void *made = own ? g->type->render(t, &e->seen, skipped) : entry_render(e, t, g->type);
    int said = made ? g->type->queue(r, made) : -ENOMEM;
    if (own && made) g->type->unref(made);
    if (said >= 0) hub_counts(t->hub, WEFT_HUB_SKIPPED, skipped);
    return said;
}

static int tell_loss(weft_reader *r, const weft_seek *loss)
{
    const struct group *g = reader_group(r);
    int said = loss->lost ? g->type->lost(r, loss) : 0;
    if (said != WEFT_ERR_BACKLOG && said != -ENOMEM)
        hub_counts(hub_of(g->local), WEFT_HUB_LOST, loss->lost);
    return said;
}

/* Until he is full, or leaves, or is through. What he said last; c->next is what he needs now. */
static int tell_batch(weft_reader *r, const struct batch *b, uint64_t *next)
{
    int said = tell_loss(r, &b->loss);
    if (said < 0) return said;
    uint64_t before = b->loss.lost ? b->loss.at.offset : b->after;
    *next = before + 1;
    for (uint32_t i = 0; i < b->n && said == 0; i++) {
        uint64_t offset = b->entries[i]->seen.offset;
        said = queue(r, b->entries[i], offset - before - 1);
        if (said >= 0) *next = offset + 1;
        before = offset;
    }
    if (said == 0) *next = b->next;
    return said;
}

/* He has a batch, and goes on: whether there is more that he could have at once. */
static bool serve(struct local *l, uint32_t at, const struct batch *b)
{
    weft_reader *r = l->behind[at].reader;
    int said = tell_batch(r, b, &l->behind[at].next);
    l->stale = true;
    if (said == -ENOMEM) end(r, said);
    if (is_full(said)) r->state |= READER_FULL;
    else if (said) r->state |= READER_LEAVING;
    else if (l->behind[at].next == l->next && reader_catch_up(r) < 0) end(r, -ENOMEM);
    return b->more && r->state == READER_BEHIND;
}

/* Who begins at the head waits there, as long as those who keep up have not come to it. */
static bool waits(const struct local *l, const struct cursor *c)
{
    return c->reader->state != READER_BEHIND || c->next > l->next;
}

void local_serve(struct local *l, uint32_t at)
{
    struct batch b;
    if (waits(l, &l->behind[at])) return;
    take_for_cursor(l, l->behind[at].next, &b);
    if (serve(l, at, &b)) local_again(l);
    batch_let_go(l->topic, &b);
    local_settle(l);
}

/* A batch for each that has room; who needs the same as the one before him has the same. Whether some want more. */
static bool serve_all(struct local *l)
{
    struct batch b = {.after = WEFT_NEVER};
    bool more = false;
    for (uint32_t i = 0; i < l->n_behind;) {
        const weft_reader *r = l->behind[i].reader;
        if (waits(l, &l->behind[i])) {
            i++;
            continue;
        }
        if (b.after != l->behind[i].next - 1) {
            batch_let_go(l->topic, &b);
            take_for_cursor(l, l->behind[i].next, &b);
        }
        more |= serve(l, i, &b);
        if (i < l->n_behind && l->behind[i].reader == r) i++; /* else another has his place */
    }
    batch_let_go(l->topic, &b);
    return more;
}

/* ---- to run ---------------------------------------------------------------------------------- */

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

/* Under the lock. A cursor that the log has moved past holds nobody up: his policy applies. */
static void find_slowest(struct local *l)
{
    uint64_t tail = log_tail(&l->topic->log);
    l->slowest = WEFT_NEVER;
    l->passed = l->stale = false;
    for (uint32_t i = 0; i < l->n_behind; i++) {
        uint64_t next = l->behind[i].next;
        if (l->behind[i].reader->state & READER_LEAVING) continue;
        if (next <= tail) l->passed = true;
        else if (next < l->slowest) l->slowest = next;
    }
}

/* The log learns what is still needed, and those who wait to publish have their turn. */
void local_settle(struct local *l)
{
    weft_topic *t = l->topic;
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    if (l->stale) find_slowest(l);
    l->under_way = WEFT_NEVER;
    topic_trim(t, 0, &old, &w);
    publish_pump(t, &w);
    topic_unlock(t);
    wakes_send(&w, t->hub);
    leaving_free(&old);
}

static uint64_t interval_us(const struct local *l)
{
    uint64_t rate = l->topic->settings->max_rate;
    return rate ? 1000000 / rate : 0;
}

/* With max_rate: whether those who keep up may be told something now; else the timer runs. */
static bool is_due(struct local *l)
{
    uint64_t now = weft_loop_now(l->part->loop);
    if (!l->timer) return true;
    if (now < l->due) {
        weft_timer_at(l->timer, l->due);
        return false;
    }
    l->due = now + interval_us(l);
    return true;
}

void local_run(struct local *l)
{
    bool all = !is_due(l) || keep_up(l);
    bool more = serve_all(l);
    l->stale |= l->n_behind > 0;
    local_settle(l);
    if (!all || more) local_again(l);
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
        .topic = t, .part = p, .slowest = WEFT_NEVER, .under_way = WEFT_NEVER};
    int error = t->settings->max_rate ? weft_timer_new(&l->timer, p->loop, on_time, l) : 0;
    if (error) hook_free(t->hub->env, l);
    else *out = l;
    return error;
}

struct local *local_find(const weft_topic *t, const struct part *p)
{
    struct local *l = t->locals;
    while (l && l->part != p) l = l->next_local;
    return l;
}

int local_get(struct local **out, weft_topic *t, struct part *p)
{
    topic_lock(t);
    *out = local_find(t, p);
    topic_unlock(t);
    if (*out) return 0;
    int error = make(out, t, p);
    if (error) return error;
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
    topic_lock(t);
    bool all = take_next(l, b, BATCH);
    struct local **at = &t->locals;
    while (*at != l) at = &(*at)->next_local;
    if (all) *at = l->next_local;
    topic_unlock(t);
    return all;
}

void local_leave(struct local *l)
{
    struct batch b;
    if (l->timer) weft_timer_stop(l->timer);
    for (bool all = false; !all;) {
        all = leave_topic(l, &b);
        batch_let_go(l->topic, &b);
    }
    local_settle(l);
    pthread_mutex_lock(&l->part->lock);
    l->gone = true;
    bool later = is_dirty(l);
    pthread_mutex_unlock(&l->part->lock);
    if (!later) local_free(l);
}
