/* SPDX-License-Identifier: MIT
 *
 * cli/race.c - a table of a few races, under a lock that is held for a few additions
 */
#include "cli/race.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <weft/aux.h>

static const char folder[] = "/race/", channel[] = "/quotes";
static const char *const names[RACE_LANES] = {"poll", "wait", "stream", "sse", "ws"};

/* ---- names ----------------------------------------------------------------------------------- */

static bool is(weft_bytes text, const char *word)
{
    return text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

static bool is_id(weft_bytes id)
{
    if (id.len < RACE_ID_MIN || id.len > RACE_ID_MAX) return false;
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    }
    return true;
}

static bool skip(weft_bytes *text, const char *word)
{
    size_t len = strlen(word);
    if (text->len < len || memcmp(text->data, word, len) != 0) return false;
    *text = (weft_bytes){text->data + len, text->len - len};
    return true;
}

static weft_bytes cut(weft_bytes *text, uint8_t at)
{
    const uint8_t *end = text->len ? memchr(text->data, at, text->len) : NULL;
    weft_bytes head = {text->data, end ? (size_t)(end - text->data) : text->len};
    *text = (weft_bytes){text->data + head.len, text->len - head.len};
    return head;
}

static bool lane_of(weft_bytes query, enum race_lane *lane)
{
    char name[8];
    int len = weft_query_get(query, "lane", name, sizeof name);
    if (len < 0) return false;
    for (int i = 0; i < RACE_LANES; i++) {
        *lane = (enum race_lane)i;
        if (!strcmp(name, names[i])) return true;
    }
    return false;
}

/* Most targets are somebody else's: they are known by their first bytes. */
static bool parse(weft_bytes target, weft_bytes *id, enum race_lane *lane)
{
    if (!skip(&target, folder)) return false;
    *id = cut(&target, '/');
    return is_id(*id) && skip(&target, channel) && skip(&target, "?") && lane_of(target, lane);
}

/* ---- the table; with the lock ---------------------------------------------------------------- */

static struct race *find(struct races *t, weft_bytes id)
{
    for (size_t i = 0; i < RACES_MAX; i++)
        if (t->races[i].id[0] && is(id, t->races[i].id)) return &t->races[i];
    return NULL;
}

static struct race *begin(struct races *t, weft_bytes id, uint64_t now)
{
    for (size_t i = 0; i < RACES_MAX; i++) {
        struct race *r = &t->races[i];
        if (r->id[0]) continue;
        *r = (struct race){.next = now};
        memcpy(r->id, id.data, id.len);
        return r;
    }
    return NULL;
}

static uint64_t pause_of(const struct race *r)
{
    return (uint64_t)(1e6 / r->rate);
}

/* Who is late says one and goes on from now: a machine that was asleep makes up for nothing. */
static bool take_turn(struct race *r, uint64_t now)
{
    if (!r->id[0] || now < r->next) return false;
    r->next += pause_of(r);
    if (r->next <= now) r->next = now + pause_of(r);
    r->updates++;
    return true;
}

static void end_unread(struct race *r, uint64_t now)
{
    if (r->id[0] && now >= r->seen + RACE_UNREAD_US) r->id[0] = 0;
}

static int print(const struct race *r, uint64_t real_ms, char json[RACE_JSON_MAX])
{
    int n = snprintf(json, RACE_JSON_MAX,
                     "{\"now\":%" PRIu64 ",\"rate\":%g,\"updates\":%" PRIu64 ",\"lanes\":{",
                     real_ms, r->rate, r->updates);
    for (size_t i = 0; i < RACE_LANES; i++) {
        const struct race_counts *c = &r->lanes[i];
        n += snprintf(json + n, RACE_JSON_MAX - (size_t)n,
                      "%s\"%s\":{\"requests\":%" PRIu64 ",\"received\":%" PRIu64
                      ",\"sent\":%" PRIu64 ",\"writes\":%" PRIu64 "}",
                      i ? "," : "", names[i], c->requests, c->received, c->sent, c->writes);
    }
    return n + snprintf(json + n, RACE_JSON_MAX - (size_t)n, "}}");
}

/* ---- for all threads ------------------------------------------------------------------------- */

void races_init(struct races *t)
{
    *t = (struct races){0};
    pthread_mutex_init(&t->lock, NULL);
}

int race_rate(struct races *t, weft_bytes id, double rate, uint64_t now)
{
    if (!is_id(id) || !(rate >= 0.5 && rate <= 20)) return -EINVAL;
    pthread_mutex_lock(&t->lock);
    struct race *r = find(t, id);
    if (!r) r = begin(t, id, now);
    if (r) {
        r->rate = rate;
        r->seen = now;
        if (r->next > now + pause_of(r)) r->next = now + pause_of(r);
    }
    pthread_mutex_unlock(&t->lock);
    return r ? 0 : -ENOSPC;
}

void race_pass(struct races *t, weft_bytes target, bool begins, uint64_t received, uint64_t sent,
               uint64_t now)
{
    weft_bytes id;
    enum race_lane lane;
    if (!parse(target, &id, &lane)) return;
    pthread_mutex_lock(&t->lock);
    struct race *r = find(t, id);
    if (r) {
        struct race_counts *c = &r->lanes[lane];
        c->requests += begins;
        c->received += received;
        c->sent += sent;
        c->writes += sent > 0;
        r->seen = now;
    }
    pthread_mutex_unlock(&t->lock);
}

int race_print(struct races *t, weft_bytes id, uint64_t real_ms, uint64_t now,
               char json[RACE_JSON_MAX])
{
    pthread_mutex_lock(&t->lock);
    struct race *r = find(t, id);
    if (r) r->seen = now;
    int n = r ? print(r, real_ms, json) : -ENOENT;
    pthread_mutex_unlock(&t->lock);
    return n;
}

size_t race_due(struct races *t, uint64_t now, struct race_turn turns[RACES_MAX], bool *live)
{
    size_t n = 0;
    *live = false;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < RACES_MAX; i++) {
        struct race *r = &t->races[i];
        end_unread(r, now);
        if (r->id[0]) *live = true;
        if (!take_turn(r, now)) continue;
        turns[n].n = r->updates;
        snprintf(turns[n++].channel, sizeof turns->channel, "%s%s%s", folder, r->id, channel);
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}
