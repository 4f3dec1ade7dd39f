/* SPDX-License-Identifier: MIT
 *
 * tests/hub/fake_conn.h - connections and a loop without a network
 *
 * Everything that the hub calls of conn.h and loop.h, by its contract: sending fills a queue of so many
 * messages, closing only marks, links are told when the test says that the connection is gone, and posts
 * wait until the test turns the loop. Linked first, these stand in for the library's own.
 */
#ifndef FAKE_CONN_H
#define FAKE_CONN_H

#include <assert.h>
#include <pthread.h>

#include <weft/hub.h>

struct weft_conn {
    weft_loop *loop;
    weft_link *links;
    unsigned room;  /* messages that still fit */
    unsigned sent;  /* messages queued so far */
    int send_error; /* what weft_send_message says instead, if not 0 */
    int close_error;
    bool closing, aborted;
    uint16_t code;
    const char *reason;
    unsigned closes;
    weft_message *last;
};

struct fake_post {
    void (*fn)(void *arg);
    void *arg;
};

struct weft_loop {
    const weft_env *env;
    pthread_mutex_t lock;
    struct fake_post posts[64];
    unsigned n_posts;
    int post_error;
    bool elsewhere; /* another thread's, the test says */
};

/* ---- conn.h ---------------------------------------------------------------------------------- */

void weft_conn_link(weft_conn *c, weft_link *link)
{
    link->next = c->links;
    c->links = link;
}

void weft_conn_unlink(weft_conn *c, weft_link *link)
{
    weft_link **at = &c->links;
    while (*at != link) at = &(*at)->next;
    *at = link->next;
}

weft_link *weft_conn_find_link(const weft_conn *c, const void *owner)
{
    weft_link *link = c->links;
    while (link && link->owner != owner) link = link->next;
    return link;
}

int weft_send_message(weft_conn *c, weft_message *m)
{
    if (c->closing || c->aborted) return WEFT_ERR_CLOSED;
    if (c->send_error) return c->send_error;
    if (c->room == 0) return WEFT_ERR_BACKLOG;
    c->room--;
    c->sent++;
    weft_message_unref(c->last);
    c->last = weft_message_ref(m);
    return 0;
}

int weft_close(weft_conn *c, uint16_t code, const char *reason)
{
    c->closes++;
    if (c->close_error) return c->close_error;
    c->closing = true;
    c->code = code;
    c->reason = reason;
    return 0;
}

void weft_abort(weft_conn *c)
{
    c->aborted = true;
}

int weft_deliver(weft_conn *c, weft_message *m)
{
    int error = weft_send_message(c, m);
    if (!error || error == WEFT_ERR_CLOSED || error == WEFT_ERR_STATE) return error;
    if (error != WEFT_ERR_BACKLOG || weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, "too slow") < 0)
        weft_abort(c);
    return error;
}

weft_loop *weft_conn_loop(const weft_conn *c)
{
    return c->loop;
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

int weft_loop_post(weft_loop *l, void (*fn)(void *arg), void *arg)
{
    if (l->post_error) return l->post_error;
    pthread_mutex_lock(&l->lock);
    assert(l->n_posts < 64);
    l->posts[l->n_posts++] = (struct fake_post){fn, arg};
    pthread_mutex_unlock(&l->lock);
    return 0;
}

/* ---- what the test does to them -------------------------------------------------------------- */

static inline void fake_turn(weft_loop *l)
{
    for (unsigned i = 0; i < l->n_posts; i++) l->posts[i].fn(l->posts[i].arg);
    l->n_posts = 0;
}

/* The connection ends: every link leaves the list and is told. */
static inline void fake_gone(weft_conn *c)
{
    while (c->links) {
        weft_link *link = c->links;
        c->links = link->next;
        link->type->on_gone(link);
    }
    weft_message_unref(c->last);
    c->last = NULL;
}

#endif
