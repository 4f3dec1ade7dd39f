/* SPDX-License-Identifier: MIT
 *
 * hub/publish.c - one order for all: the lock gives the offset, and says who has to be told
 */
#include "hub/publish.h"

#include <string.h>

#include "hub/hook.h"
#include "hub/local.h"

/* ---- the pace -------------------------------------------------------------------------------- */

/* The least offset, of those that are kept, that somebody has yet to be told. */
static uint64_t slowest(const weft_topic *t)
{
    uint64_t least = t->log.head + 1;
    for (const struct local *l = t->locals; l; l = l->next_local)
        if (local_needs(l) < least) least = local_needs(l);
    return least > log_tail(&t->log) ? least : log_tail(&t->log) + 1;
}

static bool is_half_a_window_behind(const weft_topic *t)
{
    const weft_topic_settings *s = t->settings;
    uint64_t from = slowest(t);
    if (s->policy != WEFT_POLICY_QUEUE || from > t->log.head) return false;
    if (t->log.head - from >= s->window_items / 2) return true;
    const struct entry *e = log_at(&t->log, from);
    return t->log.sum - e->sum + entry_cost(e->seen.message) > s->window_bytes / 2;
}

static bool may_publish(weft_topic *t)
{
    pace_refill(&t->pace, t->settings, hook_now_us(t->hub->env));
    return pace_allows(&t->pace, t->settings) || !is_half_a_window_behind(t);
}

/* Whether it is the turn of whoever publishes in this thread; it is then no longer. */
static bool takes_his_turn(const weft_topic *t)
{
    struct part *p = part_passing(t->hub, t);
    if (p) p->passing = NULL;
    return p;
}

static bool is_let_through(weft_topic *t)
{
    if (t->pace.given && takes_his_turn(t)) return true;
    return !t->pace.first && !t->pace.given && may_publish(t);
}

/* ---- to append ------------------------------------------------------------------------------- */

/* What a policy spares those who are late. */
static void replace_newest(weft_topic *t)
{
    if (t->settings->policy != WEFT_POLICY_LATEST || !t->log.n) return;
    atomic_store_explicit(&log_at(&t->log, t->log.head)->superseded, true, memory_order_relaxed);
}

static int push(weft_topic *t, struct entry *e, struct leaving *old)
{
    if (log_reserve(&t->log, 1) < 0) return -ENOMEM;
    bool keyed = t->settings->policy == WEFT_POLICY_LATEST_KEY;
    int error = keyed ? log_key(&t->log, e, t->hub->secret, t->settings->max_keys, old) : 0;
    if (error < 0) return error;
    replace_newest(t);
    e->seen.time = hook_time_ms();
    log_push(&t->log, e);
    return 0;
}

/* Each loop has to deliver it. The one that is here, and has delivered all before, does so at once. */
static struct local *tell(weft_topic *t, struct entry *e, const struct part *mine, struct wakes *w)
{
    struct local *here = NULL;
    for (struct local *l = t->locals; l; l = l->next_local) {
        e->hot++;
        if (l->part == mine && local_may_deliver(l, e->seen.offset)) here = l;
        else local_soil(l, w);
    }
    if (!here) return NULL;
    here->under_way = here->next++;
    entry_ref(e);
    return here;
}

/* Takes the reference over. */
static int append(weft_topic *t, struct entry *e, weft_position *at)
{
    struct part *mine = part_mine(t->hub);
    struct local *here = NULL;
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    int error = is_let_through(t) ? push(t, e, &old) : WEFT_ERR_BACKLOG;
    if (!error) {
        pace_spend(&t->pace, t->settings, entry_cost(e->seen.message));
        here = tell(t, e, mine, &w);
        if (at) *at = topic_position(t, t->log.head);
        topic_trim(t, e->seen.time, &old);
        topic_pass_by(t, &w);
        topic_count_memory(t);
    }
    topic_unlock(t);
    leaving_free(&old);
    if (error) {
        entry_unref(e);
        return error;
    }
    wakes_send(&w, t->hub);
    if (here) local_deliver(here, e);
    return 0;
}

int weft_topic_publish(weft_topic *t, weft_message *m, weft_bytes key, weft_position *at)
{
    if (key.len > KEY_MAX) return -EINVAL;
    if (t->hub->closing) return WEFT_ERR_CLOSED;
    struct entry *e = entry_new(t->hub->env, m, key);
    return e ? append(t, e, at) : -ENOMEM;
}

/* ---- many in a row --------------------------------------------------------------------------- */

static void tell_of_many(weft_topic *t, struct entry *const *e, size_t n, struct wakes *w)
{
    for (struct local *l = t->locals; l; l = l->next_local) {
        for (size_t i = 0; i < n; i++) e[i]->hot++;
        local_soil(l, w);
    }
}

/* Each of them is pushed, once it is certain that all can be. */
static int push_all(weft_topic *t, struct entry *const *e, size_t n, struct leaving *old)
{
    bool keyed = t->settings->policy == WEFT_POLICY_LATEST_KEY;
    int error = log_reserve(&t->log, (uint32_t)n);
    if (!error && keyed)
        error = log_reserve_keys(&t->log, e, n, t->hub->secret, t->settings->max_keys);
    for (size_t i = 0; i < n && !error; i++) {
        error = push(t, e[i], old);
        pace_spend(&t->pace, t->settings, entry_cost(e[i]->seen.message));
    }
    return error;
}

/* Takes the references over, if there is no error. */
static int append_all(weft_topic *t, struct entry *const *e, size_t n, weft_position *at)
{
    struct leaving old = {0};
    struct wakes w = {0};
    topic_lock(t);
    int error = is_let_through(t) ? push_all(t, e, n, &old) : WEFT_ERR_BACKLOG;
    if (!error) {
        tell_of_many(t, e, n, &w);
        if (at) *at = topic_position(t, t->log.head);
        topic_trim(t, e[n - 1]->seen.time, &old);
        topic_pass_by(t, &w);
        topic_count_memory(t);
    }
    topic_unlock(t);
    leaving_free(&old);
    wakes_send(&w, t->hub);
    return error;
}

static void unref_all(struct entry *const *e, size_t n)
{
    while (n--) entry_unref(e[n]);
}

int weft_topic_publish_all(weft_topic *t, weft_message *const *m, const weft_bytes *keys, size_t n,
                           weft_position *at)
{
    const weft_env *env = t->hub->env;
    size_t made = 0;
    if (!n || n > UINT16_MAX) return -EINVAL;
    if (t->hub->closing) return WEFT_ERR_CLOSED;
    for (size_t i = 0; keys && i < n; i++)
        if (keys[i].len > KEY_MAX) return -EINVAL;
    struct entry **e = hook_realloc(env, NULL, n * sizeof *e);
    if (!e) return -ENOMEM;
    while (made < n && (e[made] = entry_new(env, m[made], keys ? keys[made] : (weft_bytes){0})))
        made++;
    int error = made < n ? -ENOMEM : append_all(t, e, n, at);
    if (error) unref_all(e, made);
    hook_free(env, e);
    return error;
}

/* ---- by name --------------------------------------------------------------------------------- */

static bool keeps_nothing(weft_hub *h, const char *topic)
{
    const weft_topic_settings *s = hub_settings_of(h, topic);
    return s && !s->history_items && !s->stub_ms && s->policy != WEFT_POLICY_LATEST_KEY;
}

int publish_find(weft_hub *h, const char *topic, weft_topic **out)
{
    weft_bytes name = {(const uint8_t *)topic, strlen(topic)};
    if (!name.len || name.len > h->cfg.max_topic_len) return -EINVAL;
    *out = weft_topic_find(h, name);
    return *out || keeps_nothing(h, topic) ? 0 : weft_topic_get(out, h, name);
}

int weft_publish_message(weft_hub *h, const char *topic, weft_message *m)
{
    weft_topic *t;
    int error = publish_find(h, topic, &t);
    if (error || !t) return error;
    error = weft_topic_publish(t, m, (weft_bytes){0}, NULL);
    weft_topic_unref(t);
    return error;
}

static int publish_new(weft_topic *t, weft_opcode op, const void *data, size_t len)
{
    weft_message *m;
    int error = weft_message_new(&m, t->hub->env, op, data, len);
    if (error < 0) return error;
    error = weft_topic_publish(t, m, (weft_bytes){0}, NULL);
    weft_message_unref(m);
    return error;
}

int weft_publish(weft_hub *h, const char *topic, weft_opcode op, const void *data, size_t len)
{
    weft_topic *t;
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    int error = publish_find(h, topic, &t);
    if (error || !t) return error;
    error = publish_new(t, op, data, len);
    weft_topic_unref(t);
    return error;
}

/* ---- turns ----------------------------------------------------------------------------------- */

enum { IDLE, STANDS, HAS_IT };

static void give(weft_turn *turn, struct wakes *w)
{
    struct part *p = turn->part;
    turn->state = HAS_IT;
    turn->next = NULL;
    pthread_mutex_lock(&p->lock);
    if (p->newest_given) p->newest_given->next = turn;
    else p->given = turn;
    p->newest_given = turn;
    pthread_mutex_unlock(&p->lock);
    wakes_add(w, p);
}

void publish_pump(weft_topic *t, struct wakes *w)
{
    weft_turn *turn = t->pace.first;
    if (!turn || t->pace.given || !may_publish(t)) return;
    pace_leave(&t->pace, turn);
    t->pace.given = true;
    give(turn, w);
}

static void pump(weft_topic *t, bool is_over)
{
    struct wakes w = {0};
    topic_lock(t);
    if (is_over) t->pace.given = false;
    publish_pump(t, &w);
    topic_unlock(t);
    wakes_send(&w, t->hub);
}

enum { TICK_MS = 5 };

/* Time alone may be what they wait for. */
static void on_tick(weft_timer *timer, void *user)
{
    struct part *p = user;
    for (weft_turn *turn = p->waiting; turn; turn = turn->next_here) pump(turn->topic, false);
    if (p->waiting) weft_timer_start(timer, TICK_MS);
}

static int look_after(struct part *p)
{
    int error = p->tick ? 0 : weft_timer_new(&p->tick, p->loop, on_tick, p);
    if (!error && !p->waiting) weft_timer_start(p->tick, TICK_MS);
    return error;
}

static void hang(struct part *p, weft_turn *turn)
{
    turn->previous_here = NULL;
    turn->next_here = p->waiting;
    if (p->waiting) p->waiting->previous_here = turn;
    p->waiting = turn;
}

/* It waits no longer, and its topic is no longer held by it. */
static void take_off(weft_turn *turn)
{
    struct part *p = turn->part;
    if (turn->next_here) turn->next_here->previous_here = turn->previous_here;
    *(turn->previous_here ? &turn->previous_here->next_here : &p->waiting) = turn->next_here;
    turn->state = IDLE;
    turn->topic = NULL;
}

int weft_topic_wait(weft_topic *t, weft_loop *l, weft_turn *turn)
{
    struct part *p;
    if (turn->topic) return 0;
    int error = part_of(&p, t->hub, l);
    if (!error) error = look_after(p);
    if (error) return error;
    turn->topic = weft_topic_ref(t);
    turn->part = p;
    hang(p, turn);
    struct wakes w = {0};
    topic_lock(t);
    turn->state = STANDS;
    pace_stand(&t->pace, turn);
    publish_pump(t, &w);
    topic_unlock(t);
    wakes_send(&w, t->hub);
    return 0;
}

static void take_back(weft_turn *turn)
{
    struct part *p = turn->part;
    weft_turn *before = NULL;
    pthread_mutex_lock(&p->lock);
    for (weft_turn *at = p->given; at != turn; at = at->next) before = at;
    *(before ? &before->next : &p->given) = turn->next;
    if (p->newest_given == turn) p->newest_given = before;
    pthread_mutex_unlock(&p->lock);
}

void publish_end_turns(struct part *p)
{
    while (p->waiting) {
        weft_turn *turn = p->waiting;
        void (*on_turn)(weft_turn *) = turn->on_turn;
        weft_turn_cancel(turn);
        on_turn(turn);
    }
}

void weft_turn_cancel(weft_turn *turn)
{
    weft_topic *t = turn->topic;
    if (!t) return;
    topic_lock(t);
    bool had_it = turn->state == HAS_IT;
    if (had_it) take_back(turn);
    else pace_leave(&t->pace, turn);
    topic_unlock(t);
    take_off(turn);
    if (had_it) pump(t, true);
    weft_topic_unref(t);
}

static weft_turn *next_given(struct part *p)
{
    pthread_mutex_lock(&p->lock);
    weft_turn *turn = p->given;
    if (turn) p->given = turn->next;
    if (!p->given) p->newest_given = NULL;
    pthread_mutex_unlock(&p->lock);
    return turn;
}

/* turn may be gone when it has been called. */
static void have(struct part *p, weft_turn *turn)
{
    weft_topic *t = turn->topic;
    take_off(turn);
    p->passing = t;
    turn->on_turn(turn);
    p->passing = NULL;
    pump(t, true);
    weft_topic_unref(t);
}

/* A message each, and at most so many before others have theirs. */
void publish_run_turns(struct part *p)
{
    weft_turn *turn;
    for (int n = 0; n < BATCH && (turn = next_given(p)); n++) have(p, turn);
    pthread_mutex_lock(&p->lock);
    bool more = p->given != NULL;
    pthread_mutex_unlock(&p->lock);
    if (more) part_wake(p);
}
