/* SPDX-License-Identifier: MIT
 *
 * hub/restore.c - topics as another process has written them down
 *
 * All of it is looked at before anything is done: what is broken anywhere restores nothing.
 */
#include <string.h>

#include "hub/hook.h"
#include "hub/saved.h"
#include "hub/topic.h"

struct saved_entry {
    uint64_t offset, time;
    weft_opcode op;
    weft_bytes key, payload;
};

struct saved_topic {
    weft_bytes name, epoch;
    uint64_t head, gone;
};

/* What is done with each topic and each of its entries, in order; NULL: it is only looked at. */
struct sink {
    int (*topic)(struct sink *to, const struct saved_topic *t);
    int (*outlived)(struct sink *to, const struct saved_entry *e);
    int (*newest)(struct sink *to, const struct saved_entry *e);
    void (*done)(struct sink *to);
    weft_hub *hub;
    weft_topic *at; /* NULL: this one is left out */
    uint64_t head;  /* its saved one */
    struct leaving old;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_epoch(weft_bytes e)
{
    if (e.len < WEFT_EPOCH_MIN || e.len > WEFT_EPOCH_MAX) return false;
    for (size_t i = 0; i < e.len; i++) {
        bool letter = e.data[i] >= 'a' && e.data[i] <= 'z';
        if (!letter && !(e.data[i] >= '0' && e.data[i] <= '9')) return false;
    }
    return true;
}

static bool is_good_topic(const weft_hub *h, const struct saved_topic *t)
{
    if (!t->name.len || t->name.len > h->cfg.max_topic_len) return false;
    if (memchr(t->name.data, 0, t->name.len)) return false;
    return is_epoch(t->epoch) && t->head <= WEFT_OFFSET_MAX && t->gone <= t->head;
}

static void read_entry(struct unpacker *u, struct saved_entry *e)
{
    e->time = unpack_number(u, 8);
    e->op = (weft_opcode)unpack_number(u, 1);
    e->key = unpack_bytes(u, 1);
    e->payload = unpack_bytes(u, 4);
    if (e->op != WEFT_TEXT && e->op != WEFT_BINARY) u->bad = true;
    if (e->key.len > KEY_MAX) u->bad = true;
    if (e->op == WEFT_TEXT && e->payload.len && !weft_utf8_valid(e->payload.data, e->payload.len))
        u->bad = true;
}

/* In front of the ring, each behind the one before. */
static int read_outlived(struct unpacker *u, struct sink *to, uint64_t *newest)
{
    int error = 0;
    uint64_t n = unpack_number(u, 4);
    *newest = 0;
    for (uint64_t i = 0; i < n && !error && !u->bad; i++) {
        struct saved_entry e = {.offset = unpack_number(u, 8)};
        read_entry(u, &e);
        if (e.offset <= *newest) u->bad = true;
        *newest = e.offset;
        if (!u->bad && to->outlived) error = to->outlived(to, &e);
    }
    return error;
}

static int read_newest(struct unpacker *u, struct sink *to, uint64_t head, uint64_t outlived)
{
    int error = 0;
    uint64_t n = unpack_number(u, 4);
    if (n > UINT32_MAX / 4 || n > head || outlived > head - n) u->bad = true;
    for (uint64_t i = 0; i < n && !error && !u->bad; i++) {
        struct saved_entry e = {.offset = head - n + 1 + i};
        read_entry(u, &e);
        if (!u->bad && to->newest) error = to->newest(to, &e);
    }
    return error;
}

static int read_topic(struct unpacker *u, struct sink *to)
{
    uint64_t outlived = 0;
    struct saved_topic t = {.name = unpack_bytes(u, 2), .epoch = unpack_bytes(u, 1)};
    t.head = unpack_number(u, 8);
    t.gone = unpack_number(u, 8);
    if (u->bad || !is_good_topic(to->hub, &t)) return -EINVAL;
    int error = to->topic ? to->topic(to, &t) : 0;
    if (!error) error = read_outlived(u, to, &outlived);
    if (!error) error = read_newest(u, to, t.head, outlived);
    if (to->done) to->done(to);
    return !error && u->bad ? -EINVAL : error;
}

static int read_all(weft_bytes saved, struct sink *to)
{
    struct unpacker u = {.rest = saved};
    int error = unpack_head(&u, SAVED_MAGIC, SAVED_VERSION);
    uint64_t what = SAVED_TOPIC;
    while (!error && (what = unpack_number(&u, 1)) == SAVED_TOPIC) error = read_topic(&u, to);
    if (!error && (u.bad || what != SAVED_END || u.rest.len)) error = -EINVAL;
    return error;
}

/* ---- doing ----------------------------------------------------------------------------------- */

/* It is as it was before its first message: nobody has used it. */
static bool is_fresh(const weft_topic *t)
{
    return !t->log.head && !atomic_load_explicit(&t->readers, memory_order_relaxed);
}

/* Locked until it is done. */
static int begin_topic(struct sink *to, const struct saved_topic *s)
{
    weft_topic *t;
    int error = weft_topic_get(&t, to->hub, s->name);
    if (error) return error;
    topic_lock(t);
    if (!is_fresh(t)) {
        topic_unlock(t);
        weft_topic_unref(t);
        return 0;
    }
    memset(t->epoch, 0, sizeof t->epoch);
    memcpy(t->epoch, s->epoch.data, s->epoch.len);
    t->log.head = s->head;
    t->log.cleared = s->gone;
    to->at = t;
    to->head = s->head;
    return 0;
}

/* Not all of it has come, for lack of memory: then nothing is kept, and no offset is given twice. */
static void give_up(struct sink *to)
{
    struct log *l = &to->at->log;
    if (l->head == to->head) return;
    log_clear(l, UINT64_MAX, &to->old);
    l->head = l->cleared = to->head;
}

static void end_topic(struct sink *to)
{
    weft_topic *t = to->at;
    if (!t) return;
    give_up(to);
    to->at = NULL;
    topic_expire(t, &to->old);
    topic_unlock(t);
    leaving_free(&to->old);
    weft_topic_unref(t);
}

static int make_entry(struct sink *to, const struct saved_entry *s, struct entry **out)
{
    weft_message *m;
    const weft_env *env = to->hub->env;
    int error = weft_message_new(&m, env, s->op, s->payload.data, s->payload.len);
    if (error) return error;
    *out = entry_new(env, m, s->key);
    weft_message_unref(m);
    if (!*out) return -ENOMEM;
    (*out)->seen.time = s->time;
    return 0;
}

static bool is_by_key(const weft_topic *t)
{
    return t->settings->policy == WEFT_POLICY_LATEST_KEY;
}

static int add_key(struct sink *to, struct entry *e)
{
    weft_topic *t = to->at;
    if (!is_by_key(t)) return 0;
    return log_key(&t->log, e, t->hub->secret, t->settings->max_keys, &to->old);
}

/* By another policy than it was they are not needed. */
static int add_outlived(struct sink *to, const struct saved_entry *s)
{
    struct entry *e;
    if (!to->at || !is_by_key(to->at)) return 0;
    int error = make_entry(to, s, &e);
    if (error) return error;
    error = add_key(to, e);
    if (error) entry_unref(e);
    else log_outlived(&to->at->log, e, s->offset);
    return error == -ENOSPC ? 0 : error;
}

static void replace_newest(const weft_topic *t)
{
    if (t->settings->policy != WEFT_POLICY_LATEST || !t->log.n) return;
    atomic_store_explicit(&log_at(&t->log, t->log.head)->superseded, true, memory_order_relaxed);
}

/* The first one says where the ring begins. */
static int add_newest(struct sink *to, const struct saved_entry *s)
{
    struct entry *e;
    weft_topic *t = to->at;
    if (!t) return 0;
    if (!t->log.n) t->log.head = s->offset - 1;
    int error = make_entry(to, s, &e);
    if (!error && (error = log_reserve(&t->log, 1)) < 0) entry_unref(e);
    if (error) return error;
    replace_newest(t);
    (void)add_key(to, e); /* beyond max_keys it is in the history only */
    log_push(&t->log, e);
    return 0;
}

int weft_hub_restore(weft_hub *h, weft_bytes saved)
{
    struct sink look = {.hub = h};
    struct sink make = {.topic = begin_topic,
                        .outlived = add_outlived,
                        .newest = add_newest,
                        .done = end_topic,
                        .hub = h};
    int error = read_all(saved, &look);
    return error ? error : read_all(saved, &make);
}
