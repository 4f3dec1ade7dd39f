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
#include "hub/reader.h"
#include "hub/silence.h"
#include "hub/turns.h"

static weft_hub *hub_of(const struct local *l)
{
    return l->topic->hub;
}

/* ---- what is needed -------------------------------------------------------------------------- */

/* Who needs what the log does not have any more holds nobody up: his policy applies. Who has ended needs nothing. */
static void look_for_least(struct local *l)
{
    topic_lock(l->topic);
    uint64_t tail = log_tail(&l->topic->log);
    topic_unlock(l->topic);
    l->stale = false;
    l->least = WEFT_NEVER;
    l->some_passed = false;
    for (uint32_t i = 0; i < l->n_behind; i++) {
        uint64_t next = l->behind[i].next;
        if (l->behind[i].reader->state & READER_ENDED) continue;
        if (next <= tail) l->some_passed = true;
        else if (next < l->least) l->least = next;
    }
}

/* All of b has been delivered: the log learns what is needed still, and those who wait to publish may have a turn. */
static void settle(struct local *l, struct batch *b)
{
    weft_topic *t = l->topic;
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    l->stand.under_way = WEFT_NEVER;
    l->stand.slowest = l->least;
    l->stand.passed = l->some_passed;
    batch_release(b);
    topic_trim(t, hook_time_ms(), &old);
    topic_count_memory(t);
    turns_pump(t, &w);
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

/* Of one who keeps up and had all before from: whether he leaves the array by what he said of the entry at offset. */
static bool falls_behind(weft_reader *r, uint64_t from, uint64_t offset, int said)
{
    struct local *l = reader_group(r)->local;
    bool may_lag = l->topic->settings->policy != WEFT_POLICY_DISCONNECT;
    if (is_full(said) && may_lag) {
        if (reader_fall_behind(r, said == 1 ? offset + 1 : from) == 0) {
            r->state |= READER_FULL;
            return true;
        }
        said = -ENOMEM;
    }
    if (said == WEFT_ERR_BACKLOG || said == -ENOMEM) reader_cannot_stay(r, said);
    return false;
}

/* How many have it. */
static uint64_t deliver_to_group(struct group *g, uint64_t from, uint64_t offset, void *rendering)
{
    uint64_t told = 0;
    for (uint32_t i = 0; i < g->n;) {
        weft_reader *r = g->readers[i];
        int said = rendering ? g->type->queue(r, rendering) : -ENOMEM;
        told += said >= 0;
        if (!said || !falls_behind(r, from, offset, said)) i++;
    }
    return told;
}

/* skipped: so many in front of it are spared those who keep up, too. */
static void deliver(struct local *l, struct entry *e, uint64_t skipped)
{
    silence_ends(l);
    for (struct group *g = l->groups; g; g = g->next) {
        if (!g->n) continue;
        l->telling = e->seen.offset - skipped;
        void *made = group_render(g, e, skipped);
        uint64_t told = deliver_to_group(g, e->seen.offset - skipped, e->seen.offset, made);
        hub_counts(hub_of(l), WEFT_HUB_SKIPPED, skipped * told);
        part_delivers(l->stand.part, told);
        group_give_back(g, made, skipped);
        l->telling = 0;
    }
}

void local_deliver(struct stand *s, struct entry *e)
{
    struct local *l = (struct local *)s; /* its first member */
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
    l->telling = next;
    for (struct group *g = l->groups; g; g = g->next)
        for (uint32_t i = g->n; i--;)
            if (reader_fall_behind(g->readers[i], next) < 0)
                reader_cannot_stay(g->readers[i], -ENOMEM);
    l->telling = 0;
}

/* Under the lock: what has outlived the ring is not delivered from here. */
static void pass_over(struct local *l, struct batch *b)
{
    uint64_t tail = log_tail(&l->topic->log);
    for (struct entry *e = l->topic->log.outlived; e && e->seen.offset <= tail; e = e->next)
        if (e->seen.offset >= l->stand.next) entry_release(e, &b->cold);
    l->stand.next = tail + 1;
}

/* Under the lock: those who keep up are told of the next one, or with max_rate spared it. The last one of a batch is
 * not superseded at this moment, so nobody is spared anything that is not counted with what follows. */
static void take_one(const struct local *l, struct batch *b)
{
    struct entry *e = log_at(&l->topic->log, l->stand.next);
    if (entry_is_skipped(e, l->timer)) entry_release(e, &b->cold);
    else batch_add(b, e);
}

/* Under the lock: what those who keep up need next. Whether that is all there is. */
static bool take_next(struct local *l, struct batch *b)
{
    const struct log *log = &l->topic->log;
    b->cold = NULL;
    b->n = 0;
    b->after = l->stand.next - 1;
    bool past = l->stand.next <= log_tail(log);
    b->past = past && (l->topic->settings->policy != WEFT_POLICY_LATEST ||
                       l->stand.next <= l->topic->renewed);
    if (past) pass_over(l, b);
    l->stand.under_way = l->stand.next;
    for (; b->n < BATCH && l->stand.next <= log->head; l->stand.next++) take_one(l, b);
    return l->stand.next > log->head;
}

static void deliver_batch(struct local *l, struct batch *b)
{
    uint64_t before = b->after;
    if (b->past) all_fall_behind(l, before + 1);
    for (uint32_t i = 0; i < b->n; i++) {
        struct entry *e = b->entries[i];
        deliver(l, e, e->seen.offset - before - 1);
        before = e->seen.offset;
    }
}

/* With max_rate: whether those who keep up may be told something now; else the timer runs. */
static bool is_due(struct local *l)
{
    if (!l->timer || l->in_round || weft_loop_now(l->stand.part->loop) >= l->due) return true;
    weft_timer_at(l->timer, l->due);
    return false;
}

static void count_round(struct local *l, bool all)
{
    uint64_t rate = l->topic->settings->max_rate;
    if (!l->in_round && rate) l->due = weft_loop_now(l->stand.part->loop) + 1000000 / rate;
    l->in_round = !all;
}

static void run(struct local *l)
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

void local_again(struct local *l)
{
    struct wakes w = {0};
    part_leave(l->stand.part, &l->stand.task, &w);
    wakes_send(&w, hub_of(l));
}

/* ---- they come and go ------------------------------------------------------------------------ */

static void on_time(weft_timer *t, void *user)
{
    (void)t;
    run(user);
}

static void local_free(struct local *l)
{
    const weft_env *env = hub_of(l)->env;
    weft_topic *t = l->topic;
    weft_timer_free(l->timer);
    silence_free(l);
    for (struct group *g = l->groups, *next; g; g = next) {
        next = g->next;
        hook_free(env, g->readers);
        hook_free(env, g);
    }
    hook_free(env, l->behind);
    hook_free(env, l);
    weft_topic_unref(t);
}

static void on_task(struct task *task)
{
    struct local *l = (struct local *)(void *)((char *)task - offsetof(struct local, stand.task));
    if (l->gone) local_free(l);
    else run(l);
}

static int make(struct local **out, weft_topic *t, struct part *p)
{
    struct local *l = hook_realloc(t->hub->env, NULL, sizeof *l);
    if (!l) return -ENOMEM;
    *l = (struct local){.topic = t, .least = WEFT_NEVER};
    l->stand = (struct stand){
        .part = p, .task.run = on_task, .slowest = WEFT_NEVER, .under_way = WEFT_NEVER};
    int error = topic_is_rated(t) ? weft_timer_new(&l->timer, p->loop, on_time, l) : 0;
    if (error) hook_free(t->hub->env, l);
    else *out = l;
    return error;
}

static struct local *find(weft_topic *t, const struct part *p)
{
    topic_lock(t);
    struct stand *s = t->stands;
    while (s && s->part != p) s = s->next_stand;
    topic_unlock(t);
    return (struct local *)s;
}

int local_get(struct local **out, weft_topic *t, struct part *p)
{
    *out = find(t, p);
    int error = *out ? 0 : make(out, t, p);
    if (error || (*out)->stand.next) return error;
    struct stand *s = &(*out)->stand;
    weft_topic_ref(t);
    topic_lock(t);
    s->next = t->log.head + 1;
    s->next_stand = t->stands;
    t->stands = s;
    topic_unlock(t);
    return 0;
}

/* Of what is on its way here nobody will be told. Whether that was all, and it has left the topic. */
static bool leave_topic(struct local *l, struct batch *b)
{
    weft_topic *t = l->topic;
    struct stand **at = &t->stands;
    topic_lock(t);
    bool all = take_next(l, b);
    l->stand.under_way = WEFT_NEVER;
    batch_release(b);
    while (*at != &l->stand) at = &(*at)->next_stand;
    if (all) *at = l->stand.next_stand;
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
    turns_pump(t, &w);
    topic_unlock(t);
    leaving_free(&old);
    wakes_send(&w, t->hub);
}

void local_leave(struct local *l)
{
    struct batch b;
    if (l->timer) weft_timer_stop(l->timer);
    silence_free(l);
    while (!leave_topic(l, &b)) continue;
    leave_behind_nothing(l->topic);
    l->gone = true;
    if (!part_has(l->stand.part, &l->stand.task)) local_free(l);
}
