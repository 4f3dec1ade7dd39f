/* SPDX-License-Identifier: MIT
 *
 * hub/part.c - topics and members of one loop come and go, and are sent to
 *
 * A member is a connection that has at least one topic; the link finds it and tells when the
 * connection is gone. A part keeps nothing else: a member without topics and a topic without
 * subscribers are freed at once, so all members are found through the topics.
 *
 * Sending is a plain walk over an array, without copies, marks or tombstones. That is safe because
 * nothing it calls runs user code or removes anybody: weft_send_message and weft_deliver only queue, or
 * begin to close; on_close and on_gone come later, from the loop.
 */
#include "hub/part.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "hub/hook.h"

#define container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct member {
    weft_link link;
    struct part *part;
    weft_conn *conn;
    struct edges topics;
};

static struct topic *topic_of(struct edges *subscribers)
{
    return container_of(subscribers, struct topic, subscribers);
}

static struct member *member_of(struct edges *topics)
{
    return container_of(topics, struct member, topics);
}

static const weft_env *env_of(const struct part *p)
{
    return p->hub->env;
}

/* ---- topics and members come and go ---------------------------------------------------------- */

struct topic *part_topic(const struct part *p, const char *name)
{
    return topics_find(&p->topics, name, strlen(name));
}

static int find_or_add_topic(struct part *p, const char *name, struct topic **out)
{
    *out = part_topic(p, name);
    if (*out) return 0;
    if (p->topics.n >= p->hub->cfg.max_topics) return -ENOSPC;
    return topics_add(&p->topics, out, name, strlen(name));
}

static void drop_topic_if_empty(struct part *p, struct topic *t)
{
    if (t->subscribers.n == 0) topics_remove(&p->topics, t);
}

static void cut(struct member *m, uint32_t i)
{
    struct topic *t = topic_of(m->topics.v[i].to);
    edges_cut(env_of(m->part), &m->topics, i);
    drop_topic_if_empty(m->part, t);
}

static void cut_all(struct member *m)
{
    while (m->topics.n) cut(m, m->topics.n - 1);
}

static void free_member(struct member *m)
{
    atomic_fetch_sub_explicit(&m->part->members, 1, memory_order_relaxed);
    hook_free(env_of(m->part), m->topics.v);
    hook_free(env_of(m->part), m);
}

static void drop_member_if_empty(struct member *m)
{
    if (m->topics.n) return;
    weft_conn_unlink(m->conn, &m->link);
    free_member(m);
}

static void on_gone(weft_link *link)
{
    struct member *m = container_of(link, struct member, link);
    cut_all(m);
    free_member(m);
}

static const weft_link_type link_type = {.on_gone = on_gone};

static struct member *find_member(const weft_hub *h, const weft_conn *c)
{
    weft_link *link = weft_conn_find_link(c, h);
    return link ? container_of(link, struct member, link) : NULL;
}

struct part *member_part(const weft_hub *h, const weft_conn *c)
{
    const struct member *m = find_member(h, c);
    return m ? m->part : NULL;
}

static struct member *find_or_add_member(struct part *p, weft_conn *c)
{
    struct member *m = find_member(p->hub, c);
    if (m) return m;
    m = hook_realloc(env_of(p), NULL, sizeof *m);
    if (!m) return NULL;
    *m = (struct member){.link = {.owner = p->hub, .type = &link_type}, .part = p, .conn = c};
    weft_conn_link(c, &m->link);
    atomic_fetch_add_explicit(&p->members, 1, memory_order_release);
    return m;
}

/* ---- the part -------------------------------------------------------------------------------- */

int part_new(struct part **out, weft_hub *h, weft_loop *l)
{
    struct part *p = hook_realloc(h->env, NULL, sizeof *p);
    if (!p) return -ENOMEM;
    *p = (struct part){.hub = h, .loop = l};
    int error = topics_init(&p->topics, h->env);
    if (error < 0) hook_free(h->env, p);
    else *out = p;
    return error;
}

/* The topics go all at once, so a member only counts down the edges that still hold it. */
static void forget_subscribers(struct topic *t)
{
    for (uint32_t i = 0; i < t->subscribers.n; i++) {
        struct member *m = member_of(t->subscribers.v[i].to);
        m->topics.n--;
        drop_member_if_empty(m);
    }
}

void part_forget_all(struct part *p)
{
    for (size_t i = 0; i < p->topics.cap; i++) {
        if (p->topics.slots[i].topic) forget_subscribers(p->topics.slots[i].topic);
    }
    topics_deinit(&p->topics);
}

void part_free(struct part *p)
{
    hook_free(env_of(p), p);
}

/* ---- subscribe ------------------------------------------------------------------------------- */

static int join(struct member *m, struct topic *t)
{
    if (edges_find(&m->topics, &t->subscribers) >= 0) return 0;
    if (m->topics.n >= m->part->hub->cfg.max_topics_per_conn) return -ENOSPC;
    return edges_join(env_of(m->part), &m->topics, &t->subscribers);
}

int part_subscribe(struct part *p, weft_conn *c, const char *topic)
{
    struct topic *t;
    int error = find_or_add_topic(p, topic, &t);
    if (error < 0) return error;
    struct member *m = find_or_add_member(p, c);
    error = m ? join(m, t) : -ENOMEM;
    if (m) drop_member_if_empty(m);
    drop_topic_if_empty(p, t);
    return error;
}

int member_unsubscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    struct member *m = find_member(h, c);
    struct topic *t = m ? part_topic(m->part, topic) : NULL;
    if (!t) return -ENOENT;
    int64_t i = edges_find(&m->topics, &t->subscribers);
    if (i < 0) return -ENOENT;
    cut(m, (uint32_t)i);
    drop_member_if_empty(m);
    return 0;
}

void member_unsubscribe_all(weft_hub *h, weft_conn *c)
{
    struct member *m = find_member(h, c);
    if (!m) return;
    cut_all(m);
    drop_member_if_empty(m);
}

/* ---- send ------------------------------------------------------------------------------------ */

/* A subscriber that is closing misses nothing. */
static bool is_missed(int error)
{
    return error && error != WEFT_ERR_CLOSED && error != WEFT_ERR_STATE;
}

/* A subscriber that cannot take it is seen to by weft_deliver, or misses it. */
int topic_send(const struct topic *t, weft_hub *h, weft_message *m, const weft_conn *except)
{
    bool may_miss = h->cfg.slow == WEFT_SLOW_DROP;
    uint32_t queued = 0, missed = 0;
    for (uint32_t i = 0; i < t->subscribers.n; i++) {
        weft_conn *c = member_of(t->subscribers.v[i].to)->conn;
        if (c == except) continue;
        int error = may_miss ? weft_send_message(c, m) : weft_deliver(c, m);
        if (!error) queued++;
        else if (may_miss) missed += is_missed(error);
    }
    if (missed) atomic_fetch_add_explicit(&h->dropped, missed, memory_order_relaxed);
    return queued < INT_MAX ? (int)queued : INT_MAX;
}
