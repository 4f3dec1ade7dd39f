/* SPDX-License-Identifier: MIT
 *
 * hub/local.c - delivering: to all who keep up, and to cursors a batch at a time
 *
 * Whoever delivers walks arrays that change under his hands, because a reader who is full moves to the other; but nothing
 * that is called here runs user code or removes anybody: queueing and closing only queue, and ends come later, from the
 * loop.
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
    bool past;      /* the log has moved past what was asked for */
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
    hub_counts(hub_of(g->local), WEFT_HUB_ENDED, 1);
    g->type->end(r, error);
}

static bool is_full(int said)
{
    return said == 1 || said == WEFT_ERR_BACKLOG;
}

/* Of one who keeps up: whether he leaves the array by what he said of the entry at offset. */
static bool falls_behind(weft_reader *r, uint64_t offset, int said)
{
    bool may_lag = reader_group(r)->local->topic->settings->policy != WEFT_POLICY_DISCONNECT;
    if (is_full(said) && may_lag) {
        if (reader_fall_behind(r, offset + (said == 1)) == 0) {
            r->state |= READER_FULL;
            return true;
        }
        said = -ENOMEM;
    }
    if (said == WEFT_ERR_BACKLOG || said == -ENOMEM) end(r, said);
    return false;
}

/* ---- what is needed -------------------------------------------------------------------------- */

/* Under the lock: the least that a cursor needs from that offset on. */
static uint64_t least_from(const struct local *l, uint64_t offset)
{
    uint64_t least = WEFT_NEVER;
    for (uint32_t i = 0; i < l->n_behind; i++) {
        uint64_t next = l->behind[i].next;
        if (next >= offset && next < least) least = next;
    }
    return least;
}

/* Under the lock: loops that have yet to deliver it. */
static unsigned to_come(const weft_topic *t, uint64_t offset)
{
    unsigned n = 0;
    for (const struct local *l = t->locals; l; l = l->next_local) n += l->next <= offset;
    return n;
}

/* Under the lock: who could not take what was under way to him, from that offset on, is a cursor by now. Nobody was
 * known to need it, so the log may have let go of it meanwhile. */
static void put_back(struct local *l, uint64_t from, struct entry *const *under_way, uint32_t n)
{
    weft_topic *t = l->topic;
    uint64_t least = least_from(l, from);
    int error = 0;
    while (!error && n-- && under_way[n]->seen.offset >= least) {
        uint64_t offset = under_way[n]->seen.offset;
        if (offset > log_tail(&t->log)) continue;
        error = log_put_back(&t->log, under_way[n], to_come(t, offset));
    }
}

/* Under the lock: what nobody needs leaves, and those who wait to publish have their turn. */
static void make_room(weft_topic *t, struct leaving *old, struct wakes *w)
{
    topic_trim(t, hook_time_ms(), old);
    topic_pass_by(t, w);
    topic_count_memory(t);
    publish_pump(t, w);
}

/* The log learns what is still needed. A cursor that it has moved past holds nobody up: his policy applies. */
static void settle(struct local *l, uint64_t from, struct entry *const *under_way, uint32_t n)
{
    weft_topic *t = l->topic;
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    if (n) put_back(l, from, under_way, n);
    l->needs = least_from(l, 0);
    l->slowest = least_from(l, log_tail(&t->log) + 1);
    l->stale = false;
    make_room(t, &old, &w);
    topic_unlock(t);
    leaving_free(&old);
    wakes_send(&w, t->hub);
}

void local_settle(struct local *l)
{
    settle(l, 0, NULL, 0);
}

/* ---- all who keep up ------------------------------------------------------------------------- */

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
    uint32_t were_behind = l->n_behind;
    for (struct group *g = l->groups; g; g = g->next) {
        if (!g->n) continue;
        bool own = skipped && g->type->render;
        void *made = own ? g->type->render(l->topic, &e->seen, skipped)
                         : entry_render(e, l->topic, g->type);
        hub_counts(hub_of(l), WEFT_HUB_SKIPPED, skipped * g->n);
        deliver_to_group(g, e->seen.offset, made);
        if (own && made) g->type->unref(made);
    }
    if (l->n_behind != were_behind) l->stale = true;
}

void local_deliver(struct local *l, struct entry *e)
{
    deliver(l, e, 0);
    if (l->stale) settle(l, e->seen.offset, &e, 1);
    let_go(l->topic, e);
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

/* Under the lock: what has outlived the ring is not delivered to those who keep up. */
static void pass_over_outlived(struct local *l, uint64_t end)
{
    for (struct entry *e = l->topic->log.outlived; e && e->seen.offset < end; e = e->next)
        if (e->seen.offset >= l->next) drop(entry_ref(e));
}

/* Under the lock: what those who keep up need next. Whether that is all there is. */
static bool take_next(struct local *l, struct batch *b)
{
    struct log *log = &l->topic->log;
    uint64_t tail = log_tail(log);
    bool skips = l->topic->settings->max_rate && topic_skips(l->topic);
    b->after = l->next - 1;
    b->past = l->next <= tail;
    if (b->past) {
        pass_over_outlived(l, tail + 1);
        l->next = tail + 1;
    }
    for (b->n = 0; b->n < BATCH && l->next <= log->head; l->next++) {
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
    bool fits = !b->past || l->topic->settings->policy == WEFT_POLICY_LATEST;
    if (!fits) all_fall_behind(l, b->after + 1);
    for (uint32_t i = 0; i < b->n; i++) {
        uint64_t offset = b->entries[i]->seen.offset;
        deliver(l, b->entries[i], fits ? offset - before - 1 : 0);
        before = offset;
    }
    if (l->stale) settle(l, b->after + 1, b->entries, b->n);
}

/* Whether that was all. */
static bool keep_up(struct local *l)
{
    struct batch b;
    struct leaving old = {0};
    topic_lock(l->topic);
    bool all = take_next(l, &b);
    if (all) topic_trim(l->topic, hook_time_ms(), &old);
    topic_count_memory(l->topic);
    topic_unlock(l->topic);
    leaving_free(&old);
    deliver_batch(l, &b);
    batch_let_go(l->topic, &b);
    return all;
}

/* Under the lock: who will be a cursor there needs it from now on. */
static void seek_here(struct local *l, const weft_since *since, weft_seek *seek)
{
    topic_seek(l->topic, since, seek);
    uint64_t next = seek->at.offset + 1;
    if (next < l->next && next < l->needs) l->needs = next;
}

void local_bring_up(struct local *l, const weft_since *since, weft_seek *seek)
{
    struct batch b;
    for (bool all = false; !all;) {
        topic_lock(l->topic);
        all = take_next(l, &b) && b.n == 0;
        if (all) seek_here(l, since, seek);
        topic_unlock(l->topic);
        deliver_batch(l, &b);
        batch_let_go(l->topic, &b);
    }
}

/* ---- cursors --------------------------------------------------------------------------------- */

/* Under the lock: where a policy lets one go on who needs next, and what of that is a loss. */
static uint64_t goes_on_after(const struct local *l, uint64_t next, weft_seek *loss)
{
    const weft_topic *t = l->topic;
    uint64_t tail = log_tail(&t->log);
    weft_policy policy = t->settings->policy;
    *loss = (weft_seek){0};
    if (policy == WEFT_POLICY_LATEST && l->next - 1 > next) return l->next - 2;
    bool newer_comes = policy == WEFT_POLICY_LATEST && l->next <= t->log.head;
    if (next > tail || newer_comes || policy == WEFT_POLICY_LATEST_KEY) return next - 1;
    if (policy == WEFT_POLICY_DROP_OLDEST) return tail;
    *loss = (weft_seek){topic_position(t, tail), topic_position(t, t->log.head), tail + 1 - next};
    return tail;
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
    b->next = e ? at + 1 : l->next;
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
    if (said >= 0) hub_counts(hub_of(g->local), WEFT_HUB_LOST, loss->lost);
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
    if (said) r->state |= READER_FULL;
    else if (l->behind[at].next == l->next && reader_catch_up(r) < 0) end(r, -ENOMEM);
    return !said && (r->state & READER_BEHIND);
}

void local_serve(struct local *l, uint32_t at)
{
    struct batch b;
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
        if (r->state & READER_FULL) {
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

void local_soil(struct local *l, struct wakes *w)
{
    struct part *p = l->part;
    pthread_mutex_lock(&p->lock);
    bool was_dirty = l->dirty;
    if (!was_dirty) {
        l->dirty = true;
        l->next_dirty = NULL;
        if (p->newest_dirty) p->newest_dirty->next_dirty = l;
        else p->dirty = l;
        p->newest_dirty = l;
        p->n_dirty++;
    }
    pthread_mutex_unlock(&p->lock);
    if (!was_dirty) wakes_add(w, p);
}

void local_again(struct local *l)
{
    struct wakes w = {0};
    local_soil(l, &w);
    wakes_send(&w, hub_of(l));
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
    if (l->stale || l->n_behind) local_settle(l);
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
    *l = (struct local){.topic = t, .part = p, .needs = WEFT_NEVER, .slowest = WEFT_NEVER};
    bool paced = t->settings->max_rate && topic_skips(t);
    int error = paced ? weft_timer_new(&l->timer, p->loop, on_time, l) : 0;
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
    bool all = take_next(l, b);
    struct local **at = &t->locals;
    while (*at != l) at = &(*at)->next_local;
    if (all) *at = l->next_local;
    topic_unlock(t);
    return all;
}

void local_leave(struct local *l)
{
    struct batch b;
    struct leaving old = {0};
    struct wakes w = {0};
    for (bool all = false; !all;) {
        all = leave_topic(l, &b);
        batch_let_go(l->topic, &b);
    }
    topic_lock(l->topic);
    make_room(l->topic, &old, &w);
    topic_unlock(l->topic);
    leaving_free(&old);
    wakes_send(&w, hub_of(l));
    weft_timer_free(l->timer);
    l->timer = NULL;
    pthread_mutex_lock(&l->part->lock);
    l->gone = true;
    bool later = l->dirty;
    pthread_mutex_unlock(&l->part->lock);
    if (!later) local_free(l);
}
