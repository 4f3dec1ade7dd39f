/* SPDX-License-Identifier: MIT
 *
 * io/deadlines.c - trees in which a parent is due no later than its children
 *
 * Melding two trees hangs the later root below the other one. Who is taken out leaves children behind: they are
 * melded in pairs from the left, and the pairs from the right, which is what keeps later calls cheap.
 */
#include "io/deadlines.h"

static void point(struct deadline **at, struct deadline *d)
{
    *at = d;
    if (d) d->at = at;
}

/* Of two that have no siblings. */
static struct deadline *meld(struct deadline *a, struct deadline *b)
{
    if (!a || !b) return a ? a : b;
    if (b->us < a->us) return meld(b, a);
    point(&b->next, a->child);
    point(&a->child, b);
    return a;
}

/* Without its siblings; list is what follows. */
static struct deadline *pop(struct deadline **list)
{
    struct deadline *d = *list;
    if (!d) return NULL;
    *list = d->next;
    d->next = NULL;
    return d;
}

static struct deadline *meld_all(struct deadline *list)
{
    struct deadline *pairs = NULL, *whole = NULL;
    while (list) {
        struct deadline *first = pop(&list), *pair = meld(first, pop(&list));
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) whole = meld(whole, pop(&pairs));
    return whole;
}

void deadlines_remove(struct deadlines *all, struct deadline *d)
{
    if (!d->at) return;
    point(d->at, d->next);
    struct deadline *children = meld_all(d->child);
    d->child = d->next = NULL;
    d->at = NULL;
    point(&all->root, meld(all->root, children));
}

void deadlines_add(struct deadlines *all, struct deadline *d, uint64_t us)
{
    deadlines_remove(all, d);
    d->us = us;
    point(&all->root, meld(all->root, d));
}

void deadlines_run(struct deadlines *all, uint64_t now)
{
    while (all->root && all->root->us <= now) {
        struct deadline *d = all->root;
        deadlines_remove(all, d);
        d->on_time(d);
    }
}
