/* SPDX-License-Identifier: MIT
 *
 * tests/hub/fake_conn.h - connections and loops without a network
 *
 * Everything that the hub calls of conn.h and loop.h, by its contract: sending fills a queue of so many messages,
 * closing only marks, links are told when the test says that there is room or that the connection is gone, and errands
 * and timers wait until the test turns the loop. Linked first, these stand in for the library's own.
 */
#ifndef FAKE_CONN_H
#define FAKE_CONN_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <weft/topic.h>

#include "net/links.h"

struct weft_conn {
    weft_loop *loop;
    weft_link *links;
    unsigned room;                   /* messages that still fit */
    unsigned soft;                   /* with less room than this it is backlogged */
    unsigned sent;                   /* messages queued so far */
    int send_error;                  /* what weft_send_message says instead, if not 0 */
    int close_error;                 /* what weft_close and weft_close_now say */
    void (*meanwhile)(weft_conn *c); /* what another thread does while it is sent to */
    void *test;                      /* for that */
    bool backlogged, paused, closing, aborted, at_once;
    uint16_t code;
    unsigned closes;
    char reason[128];
    char said[256]; /* what was queued, "a,b," as far as it fits */
    weft_message *last;
};

struct weft_timer {
    weft_loop *loop;
    weft_timer *next;
    uint64_t at; /* us; WEFT_NEVER: it does not run */
    void (*on_time)(weft_timer *t, void *user);
    void *user;
};

struct weft_loop {
    const weft_env *env;
    pthread_mutex_t lock;
    weft_errand *errands, *newest; /* not run yet */
    unsigned n_errands;
    weft_timer *timers;
    bool elsewhere; /* another thread's, the test says */
};

/* ---- conn.h ---------------------------------------------------------------------------------- */

void weft_conn_link(weft_conn *c, weft_link *link)
{
    links_add(&c->links, link);
}

void weft_conn_unlink(weft_conn *c, weft_link *link)
{
    links_remove(&c->links, link);
}

weft_link *weft_conn_find_link(const weft_conn *c, const void *owner)
{
    return links_find(c->links, owner);
}

weft_link *weft_conn_links(const weft_conn *c)
{
    return c->links;
}

weft_loop *weft_conn_loop(const weft_conn *c)
{
    return c->loop;
}

bool weft_conn_is_open(const weft_conn *c)
{
    return !c->closing && !c->aborted;
}

static void fake_remember(weft_conn *c, weft_message *m)
{
    weft_bytes text = weft_message_payload(m);
    size_t at = strlen(c->said);
    if (at + text.len + 2 <= sizeof c->said)
        snprintf(c->said + at, sizeof c->said - at, "%.*s,", (int)text.len,
                 (const char *)text.data);
    weft_message_unref(c->last);
    c->last = weft_message_ref(m);
    c->sent++;
}

int weft_send_message(weft_conn *c, weft_message *m)
{
    if (!weft_conn_is_open(c)) return WEFT_ERR_CLOSED;
    if (c->meanwhile) c->meanwhile(c);
    if (c->send_error) return c->send_error;
    if (c->room) fake_remember(c, m);
    int error = c->room ? 0 : WEFT_ERR_BACKLOG;
    c->room -= !error;
    c->backlogged |= error || c->room < c->soft;
    return error;
}

bool weft_backlogged(const weft_conn *c)
{
    return c->backlogged;
}

static int fake_close(weft_conn *c, uint16_t code, const char *reason, bool at_once)
{
    c->closes++;
    if (c->close_error) return c->close_error;
    if (c->closing) return 0;
    c->closing = true;
    c->paused = false;
    c->at_once = at_once;
    c->code = code;
    snprintf(c->reason, sizeof c->reason, "%s", reason);
    return 0;
}

int weft_close(weft_conn *c, uint16_t code, const char *reason)
{
    return fake_close(c, code, reason, false);
}

int weft_close_now(weft_conn *c, uint16_t code, const char *reason)
{
    return fake_close(c, code, reason, true);
}

void weft_abort(weft_conn *c)
{
    c->aborted = true;
}

void weft_pause(weft_conn *c)
{
    c->paused = weft_conn_is_open(c);
}

void weft_resume(weft_conn *c)
{
    c->paused = false;
}

/* ---- loop.h ---------------------------------------------------------------------------------- */

const weft_env *weft_loop_env(const weft_loop *l)
{
    return l->env;
}

bool weft_loop_is_mine(const weft_loop *l)
{
    return !l->elsewhere;
}

uint64_t weft_loop_now(const weft_loop *l)
{
    return l->env->now_us(l->env->ctx);
}

bool weft_errand_post(weft_loop *l, weft_id id, weft_errand *e)
{
    (void)id;
    pthread_mutex_lock(&l->lock);
    bool is_new = !e->out; /* is it on its way? */
    if (is_new) {
        e->out = 1;
        e->next = NULL;
        e->loop = l;
        *(l->newest ? &l->newest->next : &l->errands) = e;
        l->newest = e;
        l->n_errands++;
    }
    pthread_mutex_unlock(&l->lock);
    return is_new;
}

int weft_timer_new(weft_timer **out, weft_loop *l, void (*on_time)(weft_timer *t, void *user),
                   void *user)
{
    weft_timer *t = l->env->realloc(l->env->ctx, NULL, sizeof *t);
    if (!t) return -ENOMEM;
    *t = (weft_timer){l, l->timers, WEFT_NEVER, on_time, user};
    *out = l->timers = t;
    return 0;
}

void weft_timer_at(weft_timer *t, uint64_t us)
{
    t->at = us;
}

void weft_timer_start(weft_timer *t, uint64_t ms)
{
    t->at = ms == WEFT_NEVER ? WEFT_NEVER : weft_loop_now(t->loop) + ms * 1000;
}

void weft_timer_free(weft_timer *t)
{
    if (!t) return;
    weft_timer **at = &t->loop->timers;
    while (*at != t) at = &(*at)->next;
    *at = t->next;
    (void)t->loop->env->realloc(t->loop->env->ctx, t, 0);
}

/* ---- what the test does to them -------------------------------------------------------------- */

static weft_errand *fake_next_errand(weft_loop *l)
{
    pthread_mutex_lock(&l->lock);
    weft_errand *e = l->errands;
    if (e) {
        l->errands = e->next;
        if (!l->errands) l->newest = NULL;
        l->n_errands--;
        e->out = 0;
    }
    pthread_mutex_unlock(&l->lock);
    return e;
}

static weft_timer *fake_due_timer(weft_loop *l)
{
    weft_timer *t = l->timers;
    while (t && t->at > weft_loop_now(l)) t = t->next;
    return t;
}

/* One turn: what is due, then the errands that are there now. */
static inline void fake_turn(weft_loop *l)
{
    weft_timer *t;
    while ((t = fake_due_timer(l))) {
        t->at = WEFT_NEVER;
        t->on_time(t, t->user);
    }
    for (unsigned n = l->n_errands; n--;) {
        weft_errand *e = fake_next_errand(l);
        e->run(e);
    }
}

/* As many turns as there is something to do at once. */
static inline void fake_turns(weft_loop *l)
{
    do fake_turn(l);
    while (l->n_errands || fake_due_timer(l));
}

/* The peer has read, and there is room for so many more: who hangs on it is told, as by the library. */
static inline void fake_drain(weft_conn *c, unsigned room)
{
    weft_link place;
    c->room = room;
    if (!c->backlogged || room < c->soft) return;
    c->backlogged = false;
    links_take_place(&c->links, &place);
    while (weft_conn_is_open(c) && !c->backlogged && links_tell_room(&c->links, &place)) continue;
    links_leave_place(&c->links, &place);
}

/* The connection ends: every link leaves the list and is told. */
static inline void fake_gone(weft_conn *c)
{
    links_tell_gone(&c->links);
    weft_message_unref(c->last);
    c->last = NULL;
}

#endif
