/* SPDX-License-Identifier: MIT
 *
 * hub/topic.c - what a topic keeps, and where in it one begins
 */
#include "hub/topic.h"

#include <string.h>

#include "hub/epoch.h"
#include "hub/hook.h"
#include "hub/settings.h"

int topic_new(weft_topic **out, weft_hub *h, weft_bytes name, uint64_t hash)
{
    uint8_t random[EPOCH_RANDOM];
    int error = hook_random(h->env, random, sizeof random);
    if (error < 0) return error;
    weft_topic *t = hook_realloc(h->env, NULL, sizeof *t + name.len + 1);
    if (!t) return -ENOMEM;
    memset(t, 0, sizeof *t);
    t->hub = h;
    t->hash = hash;
    t->len = name.len;
    memcpy(t->name, name.data, name.len);
    t->name[name.len] = '\0';
    t->settings = hub_settings_of(h, t->name);
    if (!t->settings) {
        hook_free(h->env, t);
        return -ENOMEM;
    }
    t->log.env = h->env;
    t->pace = (struct pace){.tokens = pace_burst(t->settings), .since = hook_now_us(h->env)};
    atomic_init(&t->refs, 1);
    pthread_mutex_init(&t->lock, NULL);
    epoch_make(t->epoch, random);
    hub_ref(h);
    *out = t;
    return 0;
}

void topic_free(weft_topic *t)
{
    weft_hub *h = t->hub;
    log_deinit(&t->log);
    if (t->shard) topic_count_memory(t);
    pthread_mutex_destroy(&t->lock);
    hook_free(h->env, t);
    hub_unref(h);
}

void topic_count_memory(weft_topic *t)
{
    int64_t now = (int64_t)(t->log.bytes + t->log.beside);
    int64_t before = atomic_load_explicit(&t->counted, memory_order_relaxed);
    if (now == before) return;
    atomic_fetch_add_explicit(&t->shard->memory, now - before, memory_order_relaxed);
    atomic_store_explicit(&t->counted, now, memory_order_relaxed);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

uint64_t topic_guests_need(weft_topic *t)
{
    if (!guests_any(&t->guests)) return WEFT_NEVER;
    uint64_t need = guests_need(&t->guests, hook_now_us(t->hub->env));
    return need ? need : WEFT_NEVER;
}

/* What they have missed already is not made more by keeping all that there is. */
static uint64_t kept_for_guests(weft_topic *t)
{
    uint64_t need = topic_guests_need(t), oldest = log_tail(&t->log) + 1;
    return need > oldest ? need : oldest;
}

/* The least offset that is still to be delivered, of a new topic perhaps to somebody who has yet to hear of it. Of the
 * policy latest cursors need no more than the newest. */
static uint64_t needed_from(const weft_topic *t)
{
    uint64_t least = t->is_new ? 1 : t->log.head + 1;
    bool only_newest = t->settings->policy == WEFT_POLICY_LATEST;
    for (const struct stand *s = t->stands; s; s = s->next_stand) {
        uint64_t needs = stand_needs(s), oldest = log_tail(&t->log) + 1;
        if (s->passed && oldest < needs) needs = oldest;
        if (only_newest && needs < s->next && needs < s->under_way) needs = s->next - 1;
        if (needs < least) least = needs;
    }
    return least;
}

static bool is_history(const weft_topic *t, const struct entry *oldest, uint64_t now_ms)
{
    const weft_topic_settings *s = t->settings;
    if (t->log.n > s->history_items || t->log.bytes > s->history_bytes) return false;
    return oldest->seen.time > now_ms || now_ms - oldest->seen.time < s->history_ms;
}

/* One alone is in it, whatever its length. */
static bool is_within_window(const weft_topic *t)
{
    const weft_topic_settings *s = t->settings;
    if (t->log.n <= 1) return true;
    return t->log.n <= s->window_items && t->log.bytes <= s->window_bytes;
}

void topic_trim(weft_topic *t, uint64_t now_ms, struct leaving *to)
{
    uint64_t needed = needed_from(t), guests = kept_for_guests(t);
    if (guests < needed) needed = guests;
    while (t->log.n) {
        const struct entry *oldest = log_at(&t->log, log_tail(&t->log) + 1);
        bool wanted = oldest->seen.offset >= needed && is_within_window(t);
        if (wanted || is_history(t, oldest, now_ms)) return;
        log_drop(&t->log, to);
    }
}

/* The log has moved past a cursor: his loop has to find out who is the slowest of those that it has not moved past. */
void topic_pass_by(weft_topic *t, struct wakes *w)
{
    uint64_t oldest = log_tail(&t->log) + 1;
    for (struct stand *s = t->stands; s; s = s->next_stand) {
        if (s->slowest >= oldest) continue;
        s->slowest = oldest;
        s->passed = true;
        part_leave(s->part, &s->task, w);
    }
}

/* ---- where one begins ------------------------------------------------------------------------ */

uint64_t topic_gone_up_to(const weft_topic *t)
{
    bool by_key = t->settings->policy == WEFT_POLICY_LATEST_KEY;
    return by_key ? t->log.cleared : log_tail(&t->log);
}

static uint64_t newest(const weft_topic *t, uint64_t n)
{
    uint64_t at = log_newest(&t->log, n, topic_skips(t)), gone = topic_gone_up_to(t);
    return at > gone ? at : gone;
}

/* Where who was at p goes on; what he has lost is *lost. */
static uint64_t resume(const weft_topic *t, const weft_position *p, uint64_t *lost)
{
    uint64_t gone = topic_gone_up_to(t);
    bool known = strcmp(p->epoch, t->epoch) == 0 && p->offset <= t->log.head;
    *lost = !known ? WEFT_LOST_UNKNOWN : p->offset < gone ? gone - p->offset : 0;
    return *lost ? gone : p->offset;
}

static uint64_t begin_at(const weft_topic *t, const weft_since *since, uint64_t *lost)
{
    *lost = 0;
    if (!since || (!since->position && !since->last)) return t->log.head;
    if (!since->position) return newest(t, since->last);
    uint64_t at = resume(t, since->position, lost);
    if (!*lost || !since->last) return at;
    at = newest(t, since->last);
    if (*lost != WEFT_LOST_UNKNOWN) *lost = at - since->position->offset;
    return at;
}

weft_position topic_position(const weft_topic *t, uint64_t offset)
{
    weft_position p = {.offset = offset};
    memcpy(p.epoch, t->epoch, sizeof p.epoch);
    return p;
}

void topic_seek(const weft_topic *t, const weft_since *since, weft_seek *out)
{
    uint64_t lost, at = begin_at(t, since, &lost);
    *out = (weft_seek){topic_position(t, at), topic_position(t, t->log.head), lost};
}

/* ---- to look at it --------------------------------------------------------------------------- */

weft_bytes weft_topic_name(const weft_topic *t)
{
    return (weft_bytes){(const uint8_t *)t->name, t->len};
}

const weft_topic_settings *weft_topic_settings_of(const weft_topic *t)
{
    return t->settings;
}

weft_hub *weft_topic_hub(const weft_topic *t)
{
    return t->hub;
}

size_t weft_topic_subscribers(const weft_topic *t)
{
    return atomic_load_explicit(&t->readers, memory_order_relaxed);
}

const char *weft_topic_epoch(const weft_topic *t)
{
    return t->epoch;
}

weft_position weft_topic_head(weft_topic *t)
{
    topic_lock(t);
    weft_position p = topic_position(t, t->log.head);
    topic_unlock(t);
    return p;
}

void topic_expire(weft_topic *t, struct leaving *to)
{
    topic_trim(t, hook_time_ms(), to);
    topic_count_memory(t);
}

void weft_topic_seek(weft_topic *t, const weft_since *since, weft_seek *out)
{
    weft_topic_read(t, since, NULL, 0, out, NULL);
}

size_t weft_topic_read(weft_topic *t, const weft_since *since, const weft_entry **entries,
                       size_t max, weft_seek *seek, uint64_t *next)
{
    struct leaving old = {0};
    bool skips = topic_skips(t);
    size_t n = 0;
    topic_lock(t);
    topic_expire(t, &old);
    topic_seek(t, since, seek);
    struct entry *e = log_after(&t->log, seek->at.offset, UINT64_MAX, skips);
    for (; e && n < max; e = log_next(&t->log, e, UINT64_MAX, skips))
        entries[n++] = &entry_ref(e)->seen;
    topic_unlock(t);
    uint64_t last = n ? entries[n - 1]->offset : seek->at.offset;
    if (next) *next = e ? last : seek->head.offset;
    leaving_free(&old);
    return n;
}

void weft_topic_expect(weft_topic *t, uint64_t offset)
{
    if (t->settings->policy != WEFT_POLICY_QUEUE) return;
    topic_lock(t);
    guests_come(&t->guests, offset + 1, hook_now_us(t->hub->env));
    topic_unlock(t);
}

/* What those who keep up have not been told yet is not dropped in front of them. */
static uint64_t on_its_way_from(const weft_topic *t)
{
    uint64_t least = t->log.head + 1;
    for (const struct stand *s = t->stands; s; s = s->next_stand) {
        uint64_t needs = s->next < s->under_way ? s->next : s->under_way;
        if (needs < least) least = needs;
    }
    return least;
}

void topic_clear(weft_topic *t, struct leaving *to, struct wakes *w)
{
    log_clear(&t->log, on_its_way_from(t), to);
    topic_pass_by(t, w);
    topic_count_memory(t);
}

/* An offset without an entry is between the epochs: whoever needs it has lost what nobody can count. */
static void renew(weft_topic *t, const uint8_t *random, struct leaving *to, struct wakes *w)
{
    memcpy(t->epoch_before, t->epoch, sizeof t->epoch);
    epoch_make(t->epoch, random);
    log_clear(&t->log, UINT64_MAX, to);
    t->renewed = t->log.cleared = ++t->log.head;
    topic_pass_by(t, w);
    for (struct stand *s = t->stands; s; s = s->next_stand) part_leave(s->part, &s->task, w);
    topic_count_memory(t);
}

int weft_topic_renew(weft_topic *t)
{
    struct leaving all = {0};
    struct wakes w = {0};
    uint8_t random[EPOCH_RANDOM];
    int error = hook_random(t->hub->env, random, sizeof random);
    if (error < 0) return error;
    topic_lock(t);
    renew(t, random, &all, &w);
    topic_unlock(t);
    leaving_free(&all);
    wakes_send(&w, t->hub);
    return 0;
}

void weft_topic_kept(weft_topic *t, uint64_t *messages, uint64_t *bytes)
{
    topic_lock(t);
    *messages = t->log.n;
    for (const struct entry *e = t->log.outlived; e; e = e->next) ++*messages;
    *bytes = t->log.bytes + t->log.beside;
    topic_unlock(t);
}

void weft_topic_clear(weft_topic *t)
{
    struct leaving all = {0};
    struct wakes w = {0};
    topic_lock(t);
    topic_clear(t, &all, &w);
    topic_unlock(t);
    leaving_free(&all);
    wakes_send(&w, t->hub);
}
