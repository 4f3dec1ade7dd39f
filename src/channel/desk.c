/* SPDX-License-Identifier: MIT
 *
 * channel/desk.c - a table of chains, with a lock for each
 *
 * Topics are given back outside of the locks.
 */
#include "channel/desk.h"

#include "channel/hook.h"

void desks_init(struct desks *d, const weft_env *env)
{
    d->env = env;
    atomic_init(&d->presence_memory, 0);
    for (size_t i = 0; i < DRAWERS; i++) {
        d->drawers[i] = (struct drawer){0};
        pthread_mutex_init(&d->drawers[i].lock, NULL);
    }
}

static void desk_free(struct desks *d, struct desk *desk)
{
    once_keys_deinit(&desk->once);
    presence_deinit(&desk->presence);
    weft_topic_unref(desk->topic);
    hook_free(d->env, desk);
}

void desks_deinit(struct desks *d)
{
    for (size_t i = 0; i < DRAWERS; i++) {
        for (struct desk *desk = d->drawers[i].first, *next; desk; desk = next) {
            next = desk->next;
            desk_free(d, desk);
        }
        pthread_mutex_destroy(&d->drawers[i].lock);
    }
}

static struct drawer *drawer_of(struct desks *d, const weft_topic *t)
{
    uint64_t hash = (uint64_t)(uintptr_t)t * UINT64_C(0x9e3779b97f4a7c15);
    return &d->drawers[hash >> 56];
}

static uint64_t tick(struct drawer *drawer, uint64_t now_ms)
{
    if (now_ms > drawer->now_ms) drawer->now_ms = now_ms;
    return drawer->now_ms;
}

static struct desk *add(struct desks *d, struct drawer *drawer, weft_topic *t)
{
    struct desk *desk = hook_realloc(d->env, NULL, sizeof *desk);
    if (!desk) return NULL;
    *desk = (struct desk){.next = drawer->first, .topic = weft_topic_ref(t)};
    once_keys_init(&desk->once, d->env);
    presence_init(&desk->presence, d->env, &d->presence_memory);
    drawer->first = desk;
    return desk;
}

/* The drawer is locked now. */
static struct desk *look_for(struct drawer *drawer, const weft_topic *t, uint64_t *now_ms)
{
    pthread_mutex_lock(&drawer->lock);
    *now_ms = tick(drawer, *now_ms);
    struct desk *desk = drawer->first;
    while (desk && desk->topic != t) desk = desk->next;
    return desk;
}

struct desk *desk_open(struct desks *d, weft_topic *t, uint64_t *now_ms)
{
    struct drawer *drawer = drawer_of(d, t);
    struct desk *desk = look_for(drawer, t, now_ms);
    if (!desk) desk = add(d, drawer, t);
    if (!desk) pthread_mutex_unlock(&drawer->lock);
    return desk;
}

struct desk *desk_find(struct desks *d, const weft_topic *t, uint64_t *now_ms)
{
    struct drawer *drawer = drawer_of(d, t);
    struct desk *desk = look_for(drawer, t, now_ms);
    if (!desk) pthread_mutex_unlock(&drawer->lock);
    return desk;
}

static bool is_empty(const struct desk *desk)
{
    return !desk->waiting && !desk->once.n && !desk->presence.n && !desk->boards;
}

static void take_out(struct drawer *drawer, struct desk *desk)
{
    struct desk **at = &drawer->first;
    while (*at != desk) at = &(*at)->next;
    *at = desk->next;
}

void desk_close(struct desks *d, struct desk *desk)
{
    struct drawer *drawer = drawer_of(d, desk->topic);
    bool goes = is_empty(desk);
    if (goes) take_out(drawer, desk);
    pthread_mutex_unlock(&drawer->lock);
    if (goes) desk_free(d, desk);
}

void desks_walk(struct desks *d, void (*each)(struct desk *desk, uint64_t now_ms, void *user),
                void *user)
{
    for (size_t i = 0; i < DRAWERS; i++) {
        struct drawer *drawer = &d->drawers[i];
        pthread_mutex_lock(&drawer->lock);
        for (struct desk *desk = drawer->first; desk; desk = desk->next)
            each(desk, drawer->now_ms, user);
        pthread_mutex_unlock(&drawer->lock);
    }
}

static struct desk *expire(struct drawer *drawer, uint64_t now_ms)
{
    struct desk *gone = NULL, **at = &drawer->first;
    while (*at) {
        struct desk *desk = *at;
        (void)once_expire(&desk->once, now_ms);
        presence_expire(&desk->presence, now_ms);
        if (!is_empty(desk)) {
            at = &desk->next;
            continue;
        }
        *at = desk->next;
        desk->next = gone;
        gone = desk;
    }
    return gone;
}

void desks_expire(struct desks *d, uint64_t now_ms)
{
    for (size_t i = 0; i < DRAWERS; i++) {
        struct drawer *drawer = &d->drawers[i];
        pthread_mutex_lock(&drawer->lock);
        struct desk *gone = expire(drawer, tick(drawer, now_ms));
        pthread_mutex_unlock(&drawer->lock);
        for (struct desk *next; gone; gone = next) {
            next = gone->next;
            desk_free(d, gone);
        }
    }
}
