/* SPDX-License-Identifier: MIT
 *
 * hub/hub.c - topics on the public API only: include/weft/hub.h
 *
 *      weft_publish ---> topic ---> its edges ---> member ---> weft_send_message
 *                     (hub/topic.h) (hub/edges.h)    |
 *                                                    +-- hangs on the weft_conn as a weft_link
 *
 * A member is a connection that has at least one topic; the link finds it and tells when the
 * connection is gone. The hub keeps nothing else: a member without topics and a topic without
 * subscribers are freed at once, so all members are found through the topics.
 *
 * Publishing is a plain walk over an array, without copies, marks or tombstones. That is safe because
 * nothing it calls runs user code or removes anybody: weft_send_message only queues, weft_close and
 * weft_abort only begin; on_close and on_gone come later, from the loop.
 *
 * Threads: everything belongs to the loop's thread, but weft_publish_post, which touches only the
 * env, the counter and what never changes after weft_hub_new. A post holds a reference, so freeing the
 * hub while posts are under way leaves them an empty hub, and the last one takes the memory away.
 */
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <weft/hub.h>

#include "hub/hook.h"
#include "hub/topic.h"

#define container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct weft_hub {
    atomic_uint refs;
    weft_loop *loop;
    const weft_env *env;
    weft_hub_config cfg;
    struct topics topics;
};

struct member {
    weft_link link;
    weft_hub *hub;
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

static bool is_name(const weft_hub *h, const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= h->cfg.max_topic_len;
}

/* ---- topics and members come and go ---------------------------------------------------------- */

/* *out is NULL when nobody is subscribed. Errors: -EINVAL (the name's length). */
static int find_topic(const weft_hub *h, const char *name, struct topic **out)
{
    *out = NULL;
    if (!is_name(h, name)) return -EINVAL;
    *out = topics_find(&h->topics, name, strlen(name));
    return 0;
}

static int find_or_add_topic(weft_hub *h, const char *name, struct topic **out)
{
    int error = find_topic(h, name, out);
    if (error < 0 || *out) return error;
    if (h->topics.n >= h->cfg.max_topics) return -ENOSPC;
    return topics_add(&h->topics, out, name, strlen(name));
}

static void drop_topic_if_empty(weft_hub *h, struct topic *t)
{
    if (t->subscribers.n == 0) topics_remove(&h->topics, t);
}

static void cut(struct member *m, uint32_t i)
{
    struct topic *t = topic_of(m->topics.v[i].to);
    edges_cut(m->hub->env, &m->topics, i);
    drop_topic_if_empty(m->hub, t);
}

static void cut_all(struct member *m)
{
    while (m->topics.n) cut(m, m->topics.n - 1);
}

static void free_member(struct member *m)
{
    hook_free(m->hub->env, m->topics.v);
    hook_free(m->hub->env, m);
}

static void drop_member_if_empty(struct member *m)
{
    if (m->topics.n) return;
    weft_conn_unlink(m->conn, &m->link);
    free_member(m);
}

static void on_gone(weft_link *link, weft_conn *c)
{
    (void)c;
    struct member *m = container_of(link, struct member, link);
    cut_all(m);
    free_member(m);
}

static struct member *find_member(const weft_hub *h, const weft_conn *c)
{
    weft_link *link = weft_conn_find_link(c, h);
    return link ? container_of(link, struct member, link) : NULL;
}

static struct member *find_or_add_member(weft_hub *h, weft_conn *c)
{
    struct member *m = find_member(h, c);
    if (m) return m;
    m = hook_realloc(h->env, NULL, sizeof *m);
    if (!m) return NULL;
    *m = (struct member){.link = {.owner = h, .on_gone = on_gone}, .hub = h, .conn = c};
    weft_conn_link(c, &m->link);
    return m;
}

/* ---- the hub --------------------------------------------------------------------------------- */

static void unref(weft_hub *h)
{
    if (atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) == 1) hook_free(h->env, h);
}

static size_t or_default(size_t value, size_t preset)
{
    return value ? value : preset;
}

int weft_hub_new(weft_hub **out, weft_loop *l, const weft_hub_config *cfg)
{
    const weft_env *env = weft_loop_env(l);
    weft_hub *h = hook_realloc(env, NULL, sizeof *h);
    if (!h) return -ENOMEM;
    *h = (weft_hub){.refs = 1, .loop = l, .env = env};
    if (cfg) h->cfg = *cfg;
    h->cfg.max_topics = or_default(h->cfg.max_topics, 1000000);
    h->cfg.max_topics_per_conn = or_default(h->cfg.max_topics_per_conn, 128);
    h->cfg.max_topic_len = or_default(h->cfg.max_topic_len, 255);

    int error = topics_init(&h->topics, env);
    if (error < 0) {
        hook_free(env, h);
        return error;
    }
    *out = h;
    return 0;
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

void weft_hub_free(weft_hub *h)
{
    if (!h) return;
    for (size_t i = 0; i < h->topics.cap; i++) {
        if (h->topics.slots[i].topic) forget_subscribers(h->topics.slots[i].topic);
    }
    topics_deinit(&h->topics);
    unref(h);
}

size_t weft_topics(const weft_hub *h)
{
    return h->topics.n;
}

size_t weft_subscribers(const weft_hub *h, const char *topic)
{
    struct topic *t;
    (void)find_topic(h, topic, &t);
    return t ? t->subscribers.n : 0;
}

/* ---- subscribe ------------------------------------------------------------------------------- */

static int join(weft_hub *h, struct member *m, struct topic *t)
{
    if (edges_find(&m->topics, &t->subscribers) >= 0) return 0;
    if (m->topics.n >= h->cfg.max_topics_per_conn) return -ENOSPC;
    return edges_join(h->env, &m->topics, &t->subscribers);
}

int weft_subscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    struct topic *t;
    int error = find_or_add_topic(h, topic, &t);
    if (error < 0) return error;
    struct member *m = find_or_add_member(h, c);
    error = m ? join(h, m, t) : -ENOMEM;
    if (m) drop_member_if_empty(m);
    drop_topic_if_empty(h, t);
    return error;
}

int weft_unsubscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    struct member *m = find_member(h, c);
    struct topic *t;
    (void)find_topic(h, topic, &t);
    if (!m || !t) return -ENOENT;
    int64_t i = edges_find(&m->topics, &t->subscribers);
    if (i < 0) return -ENOENT;
    cut(m, (uint32_t)i);
    drop_member_if_empty(m);
    return 0;
}

void weft_unsubscribe_all(weft_hub *h, weft_conn *c)
{
    struct member *m = find_member(h, c);
    if (!m) return;
    cut_all(m);
    drop_member_if_empty(m);
}

/* ---- publish --------------------------------------------------------------------------------- */

/* A subscriber did not get a message. With WEFT_SLOW_CLOSE none misses one and stays: where even the
 * Close finds no memory, the connection is dropped. A second Close does not happen: a connection
 * that is closing says WEFT_ERR_CLOSED. */
static void on_missed(const weft_hub *h, weft_conn *c, int error)
{
    if (h->cfg.slow == WEFT_SLOW_DROP) return;
    if (error == WEFT_ERR_CLOSED || error == WEFT_ERR_STATE) return;
    if (error == WEFT_ERR_BACKLOG)
        error = weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, "too slow: the send queue is full");
    if (error < 0) weft_abort(c);
}

static int send_to_all(const weft_hub *h, const struct topic *t, weft_message *m,
                       const weft_conn *except)
{
    int queued = 0;
    for (uint32_t i = 0; i < t->subscribers.n; i++) {
        weft_conn *c = member_of(t->subscribers.v[i].to)->conn;
        if (c == except) continue;
        int error = weft_send_message(c, m);
        if (error < 0) {
            on_missed(h, c, error);
        } else if (queued < INT_MAX) {
            queued++;
        }
    }
    return queued;
}

int weft_publish_message(weft_hub *h, const char *topic, weft_message *m, const weft_conn *except)
{
    struct topic *t;
    int error = find_topic(h, topic, &t);
    return t ? send_to_all(h, t, m, except) : error;
}

int weft_publish(weft_hub *h, const char *topic, weft_opcode op, const void *data, size_t len)
{
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    struct topic *t;
    int error = find_topic(h, topic, &t);
    if (!t) return error;

    weft_message *m;
    error = weft_message_new(&m, h->env, op, data, len);
    if (error < 0) return error;
    int queued = send_to_all(h, t, m, NULL);
    weft_message_unref(m);
    return queued;
}

/* ---- publish from other threads -------------------------------------------------------------- */

struct post {
    weft_hub *hub;
    weft_message *message;
    char topic[]; /* with its NUL */
};

static void free_post(struct post *p)
{
    const weft_env *env = p->hub->env;
    weft_message_unref(p->message);
    unref(p->hub);
    hook_free(env, p);
}

static void run_post(void *arg)
{
    struct post *p = arg;
    (void)weft_publish_message(p->hub, p->topic, p->message, NULL);
    free_post(p);
}

static struct post *new_post(weft_hub *h, const char *topic, weft_message *m)
{
    size_t size = strlen(topic) + 1;
    struct post *p = hook_realloc(h->env, NULL, sizeof *p + size);
    if (!p) return NULL;
    p->hub = h;
    p->message = weft_message_ref(m);
    memcpy(p->topic, topic, size);
    atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
    return p;
}

int weft_publish_post(weft_hub *h, const char *topic, weft_message *m)
{
    if (!is_name(h, topic)) return -EINVAL;
    struct post *p = new_post(h, topic, m);
    if (!p) return -ENOMEM;
    int error = weft_loop_post(h->loop, run_post, p);
    if (error < 0) free_post(p);
    return error;
}
