/* SPDX-License-Identifier: MIT
 *
 * hub/turns.c - whose turn it is to publish
 */
#include "hub/turns.h"

#include "hub/hook.h"

/* ---- the pace -------------------------------------------------------------------------------- */

/* The least offset, of those that are kept, that somebody has yet to be told. */
static uint64_t slowest(weft_topic *t)
{
    uint64_t least = t->log.head + 1, guests = topic_guests_need(t);
    if (guests > log_tail(&t->log) && guests < least) least = guests;
    for (const struct stand *s = t->stands; s; s = s->next_stand)
        if (stand_needs(s) < least) least = stand_needs(s);
    return least > log_tail(&t->log) ? least : log_tail(&t->log) + 1;
}

static bool is_half_a_window_behind(weft_topic *t)
{
    const weft_topic_settings *s = t->settings;
    uint64_t from = slowest(t);
    if (s->policy != WEFT_POLICY_QUEUE || from > t->log.head) return false;
    if (t->log.head - from >= s->window_items / 2) return true;
    const struct entry *e = log_at(&t->log, from);
    return t->log.sum - e->sum + entry_cost(e->seen.message) > s->window_bytes / 2;
}

bool turns_allow(weft_topic *t)
{
    pace_refill(&t->pace, t->settings, hook_now_us(t->hub->env));
    return pace_allows(&t->pace, t->settings) || !is_half_a_window_behind(t);
}

bool turns_take(const weft_topic *t)
{
    struct part *p = t->pace.given ? part_passing(t->hub, t) : NULL;
    if (p) p->passing = NULL;
    return p;
}

/* ---- turns ----------------------------------------------------------------------------------- */

enum { IDLE, STANDS, HAS_IT };

static void give(weft_turn *turn, struct wakes *w)
{
    struct part *p = turn->part;
    turn->state = HAS_IT;
    turn->next = NULL;
    pthread_mutex_lock(&p->lock);
    turn->previous = p->newest_given;
    *(p->newest_given ? &p->newest_given->next : &p->given) = turn;
    p->newest_given = turn;
    pthread_mutex_unlock(&p->lock);
    part_leave(p, &p->turns, w);
}

void turns_pump(weft_topic *t, struct wakes *w)
{
    weft_turn *turn = t->pace.first;
    if (!turn || t->pace.given || !turns_allow(t)) return;
    pace_leave(&t->pace, turn);
    t->pace.given = true;
    give(turn, w);
}

static void pump(weft_topic *t, bool is_over)
{
    struct wakes w = {0};
    topic_lock(t);
    if (is_over) t->pace.given = false;
    turns_pump(t, &w);
    topic_unlock(t);
    wakes_send(&w, t->hub);
}

/* The loop may be gone before the hub is; nobody waits there then. */
static void end_tick(struct part *p)
{
    weft_timer_free(p->tick);
    p->tick = NULL;
}

/* It waits no longer, and its topic is no longer held by it. */
static void take_off(weft_turn *turn)
{
    struct part *p = turn->part;
    if (turn->next_here) turn->next_here->previous_here = turn->previous_here;
    *(turn->previous_here ? &turn->previous_here->next_here : &p->waiting) = turn->next_here;
    turn->state = IDLE;
    turn->topic = NULL;
    if (!p->waiting) end_tick(p);
}

static weft_turn *next_given(struct part *p)
{
    pthread_mutex_lock(&p->lock);
    weft_turn *turn = p->given;
    if (turn) p->given = turn->next;
    *(p->given ? &p->given->previous : &p->newest_given) = NULL;
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
static void run(struct task *task)
{
    struct part *p = (struct part *)(void *)((char *)task - offsetof(struct part, turns));
    struct wakes w = {0};
    weft_turn *turn;
    for (int n = 0; n < BATCH && (turn = next_given(p)); n++) have(p, turn);
    pthread_mutex_lock(&p->lock);
    bool more = p->given != NULL;
    pthread_mutex_unlock(&p->lock);
    if (more) part_leave(p, task, &w);
    wakes_send(&w, p->hub);
}

/* ---- waiting --------------------------------------------------------------------------------- */

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
    p->turns.run = run;
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

int weft_topic_wait(weft_topic *t, weft_loop *l, weft_turn *turn)
{
    struct part *p;
    if (turn->topic) return 0;
    if (t->hub->closing) return WEFT_ERR_CLOSED;
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
    turns_pump(t, &w);
    topic_unlock(t);
    wakes_send(&w, t->hub);
    return 0;
}

static void take_back(weft_turn *turn)
{
    struct part *p = turn->part;
    pthread_mutex_lock(&p->lock);
    *(turn->previous ? &turn->previous->next : &p->given) = turn->next;
    *(turn->next ? &turn->next->previous : &p->newest_given) = turn->previous;
    pthread_mutex_unlock(&p->lock);
}

void turns_end(struct part *p)
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
