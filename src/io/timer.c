/* SPDX-License-Identifier: MIT
 *
 * io/timer.c - a timing wheel, as io/timer.h draws it
 *
 * The level of a timer is never stored: as long as slots are emptied when now enters them, it is the
 * highest digit in which deadline and now differ, at any time. Nor is the slot: the last timer to leave
 * finds the list's head in both of its links, and the head's place in the array is the slot.
 */
#include "io/timer.h"

enum { DIGIT_BITS = 6 };

static unsigned digit(uint64_t ticks, unsigned level)
{
    return (unsigned)(ticks >> (level * DIGIT_BITS)) % TIMER_SLOTS;
}

static unsigned level_of(uint64_t deadline, uint64_t now)
{
    uint64_t differs = deadline ^ now;
    return differs ? (63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS : 0;
}

static void put(struct timers *w, struct timer *t)
{
    unsigned level = level_of(t->deadline, w->now), slot = digit(t->deadline, level);
    list_append(&w->slots[level][slot], &t->link);
    w->occupied[level] |= UINT64_C(1) << slot;
}

static void take(struct timers *w, struct timer *t)
{
    if (t->link.next == t->link.prev) { /* the only one: both are the head */
        size_t place = (size_t)(t->link.next - &w->slots[0][0]);
        w->occupied[place / TIMER_SLOTS] &= ~(UINT64_C(1) << place % TIMER_SLOTS);
    }
    list_remove(&t->link);
}

void timers_init(struct timers *w, uint64_t now)
{
    w->now = w->goal = now;
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        w->occupied[level] = 0;
        for (unsigned slot = 0; slot < TIMER_SLOTS; slot++) list_init(&w->slots[level][slot]);
    }
}

void timers_stop(struct timers *w, struct timer *t)
{
    if (timer_running(t)) take(w, t);
}

void timers_start(struct timers *w, struct timer *t, uint64_t deadline)
{
    timers_stop(w, t);
    t->deadline = deadline > w->goal ? deadline : w->goal + 1;
    if (deadline != TIMER_NEVER) put(w, t);
}

/* The lowest level with an occupied slot is entered first. TIMER_LEVELS: there is none. */
static unsigned lowest_level(const struct timers *w)
{
    unsigned level = 0;
    while (level < TIMER_LEVELS && !w->occupied[level]) level++;
    return level;
}

static unsigned first_slot(const struct timers *w, unsigned level)
{
    return (unsigned)__builtin_ctzll(w->occupied[level]);
}

/* now with the slot's number in place of its digit, and zeros below. */
uint64_t timers_next(const struct timers *w)
{
    unsigned level = lowest_level(w), shift = level * DIGIT_BITS;
    if (level == TIMER_LEVELS) return TIMER_NEVER;
    uint64_t above = level + 1 < TIMER_LEVELS ? w->now >> (shift + DIGIT_BITS) : 0;
    return (above << DIGIT_BITS | first_slot(w, level)) << shift;
}

/* Empty the slot that now has just entered: what is due runs, the rest goes down. Nothing comes back
 * into this slot meanwhile: it differs from now in no digit of its level or above. */
static void enter(struct timers *w, struct list *slot)
{
    while (!list_empty(slot)) {
        struct timer *t = container_of(slot->next, struct timer, link);
        take(w, t);
        if (t->deadline > w->now) put(w, t);
        else t->on_time(t);
    }
}

void timers_run(struct timers *w, uint64_t now)
{
    if (now <= w->now) return;
    w->goal = now;
    for (uint64_t next; (next = timers_next(w)) <= now;) {
        unsigned level = lowest_level(w);
        w->now = next;
        enter(w, &w->slots[level][first_slot(w, level)]);
    }
    w->now = now;
}
