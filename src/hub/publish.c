/* SPDX-License-Identifier: MIT
 *
 * hub/publish.c - one order for all: the lock gives the offset, and says who has to be told
 */
#include "hub/publish.h"

#include <string.h>

#include "hub/hook.h"
#include "hub/local.h"
#include "hub/lookout.h"
#include "hub/settings.h"
#include "hub/turns.h"

static bool is_let_through(weft_topic *t)
{
    return turns_take(t) || (!t->pace.first && !t->pace.given && turns_allow(t));
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
static struct stand *tell(weft_topic *t, struct entry *e, const struct part *mine, struct wakes *w)
{
    struct stand *here = NULL;
    for (struct stand *s = t->stands; s; s = s->next_stand) {
        e->hot++;
        if (s->part == mine && s->next == e->seen.offset && !topic_is_rated(t)) here = s;
        else part_leave(s->part, &s->task, w);
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
    struct stand *here = NULL;
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
    for (struct stand *s = t->stands; s; s = s->next_stand) {
        for (size_t i = 0; i < n; i++) e[i]->hot++;
        part_leave(s->part, &s->task, w);
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

/* Whether nobody would notice if there were no such topic. */
static bool keeps_nothing(weft_hub *h, const char *topic)
{
    if (lookouts_any(h)) return false;
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
