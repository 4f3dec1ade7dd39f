/* SPDX-License-Identifier: MIT
 *
 * channel/pattern.c - channels are met, decided about, and joined
 */
#include "channel/pattern.h"

#include <string.h>

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/hook.h"
#include "channel/orders.h"
#include "channel/rights.h"
#include "channel/subscription.h"

/* A channel about which the program decides. */
struct joining {
    weft_channel_ask asks;   /* first */
    struct session *session; /* held */
    uint64_t number;         /* of the pattern, which may be gone meanwhile */
    weft_topic *topic;       /* held */
    weft_position at;        /* it begins behind that */
    uint16_t renewals;       /* of its session, when it was asked */
    struct name name;
};

/* ---- what is said ---------------------------------------------------------------------------- */

static void say_joined(struct session *s, weft_topic *t, const weft_seek *seek)
{
    struct text text;
    text_init(&text, s->channels->env);
    answer_begin(
        &text, &(struct subscribed){weft_topic_name(t), *seek, weft_topic_settings_of(t)->policy});
    session_say(s, &text);
}

/* Once, until it is subscribed to again. */
static void say_not_joined(struct pattern *p, int error)
{
    struct text text;
    struct refusal why;
    if (p->misses_some) return;
    p->misses_some = true;
    if (error == -ENOSPC) session_refuse_more(&why);
    else refusal_no_memory(&why);
    text_init(&text, p->session->channels->env);
    answer_not_joined(&text, name_bytes(&p->name), &why);
    session_say(p->session, &text);
}

/* ---- to join --------------------------------------------------------------------------------- */

static void join(struct pattern *p, weft_topic *t, const weft_position *at)
{
    weft_seek seek;
    const weft_since since = {.position = at};
    if (session_reads(p->session, weft_topic_name(t), FOR_PATTERN)) return;
    int error = session_read(p->session, t, &since, FOR_PATTERN, &seek);
    if (error) say_not_joined(p, error);
    else say_joined(p->session, t, &seek);
}

static struct pattern *find_number(const struct session *s, uint64_t number)
{
    struct pattern *p = s->patterns;
    while (p && p->number != number) p = p->next;
    return p;
}

static void joining_free(struct joining *j)
{
    struct session *s = j->session;
    weft_topic_unref(j->topic);
    hook_free(s->channels->env, j);
    session_unref(s);
}

/* By another token meanwhile: what was decided was about the one before. */
static void ask_as_of_now(struct joining *j)
{
    j->renewals = j->session->renewals;
    rights_ask(&j->asks);
}

static void granted(weft_channel_ask *a, unsigned rights)
{
    struct joining *j = (struct joining *)a;
    struct pattern *p = find_number(j->session, j->number);
    if (p && j->renewals != j->session->renewals) {
        ask_as_of_now(j);
        return;
    }
    j->session->n_joining--;
    if (j->session->conn)
        grants_keep(&j->session->grants, j->session->channels->env, &j->name, rights);
    if (p) join(p, j->topic, &j->at);
    joining_free(j);
}

/* Then it is not for him, and nothing is said of it. */
static void refused(weft_channel_ask *a, const struct refusal *why)
{
    struct joining *j = (struct joining *)a;
    (void)why;
    j->session->n_joining--;
    joining_free(j);
}

static void ask(struct pattern *p, weft_topic *t, const weft_position *at)
{
    struct session *s = p->session;
    weft_bytes name = weft_topic_name(t);
    struct joining *j = hook_realloc(s->channels->env, NULL, sizeof *j);
    if (!j) {
        say_not_joined(p, -ENOMEM);
        return;
    }
    *j = (struct joining){.session = s,
                          .number = p->number,
                          .topic = weft_topic_ref(t),
                          .at = *at,
                          .name.len = name.len};
    memcpy(j->name.text, name.data, name.len);
    j->asks = (weft_channel_ask){
        .channels = s->channels,
        .name = name_bytes(&j->name),
        .needs = WEFT_RIGHT_READ,
        .conn = s->conn,
        .granted = granted,
        .refused = refused,
    };
    s->refs++;
    s->n_joining++;
    ask_as_of_now(j);
}

/* The hub has topics that are no channels, too. */
static bool means(const struct pattern *p, weft_bytes name)
{
    struct refusal why;
    return name_matches(name_bytes(&p->name), name) && name_check(name, NULL, &why) == 0;
}

void pattern_meets(struct pattern *p, weft_topic *t, const weft_position *at)
{
    struct session *s = p->session;
    weft_bytes name = weft_topic_name(t);
    if (!weft_conn_is_open(s->conn) || !means(p, name)) return;
    if (session_reads(s, name, FOR_PATTERN)) return;
    if (!session_has_place(s)) say_not_joined(p, -ENOSPC);
    else if (session_rights_on(s, name) & WEFT_RIGHT_READ) join(p, t, at);
    else ask(p, t, at);
}

/* ---- those that are there -------------------------------------------------------------------- */

struct walk {
    struct pattern *pattern;
    uint64_t last;
};

static bool meet(weft_topic *t, void *user)
{
    const struct walk *w = user;
    weft_seek seek;
    weft_topic_seek(t, &(weft_since){.last = w->last}, &seek);
    pattern_meets(w->pattern, t, &seek.at);
    return !w->pattern->misses_some;
}

static void meet_all(struct pattern *p, uint64_t last)
{
    struct walk w = {p, last};
    p->misses_some = false;
    int error =
        weft_topic_walk(p->session->channels->hub, name_level(name_bytes(&p->name)), meet, &w);
    if (error) say_not_joined(p, error);
}

/* ---- commands -------------------------------------------------------------------------------- */

static struct pattern *find(const struct session *s, weft_bytes name)
{
    struct pattern *p = s->patterns;
    while (p && !bytes_same(name_bytes(&p->name), name)) p = p->next;
    return p;
}

/* NULL, and why: there is no room, or no memory. */
static struct pattern *make(struct session *s, weft_bytes name, struct refusal *why)
{
    if (!session_has_place(s)) {
        session_refuse_more(why);
        return NULL;
    }
    struct pattern *p = hook_realloc(s->channels->env, NULL, sizeof *p);
    if (p) {
        *p = (struct pattern){.session = s, .number = ++s->patterns_made, .name.len = name.len};
        memcpy(p->name.text, name.data, name.len);
    }
    if (!p || orders_add(p) < 0) {
        hook_free(s->channels->env, p);
        refusal_no_memory(why);
        return NULL;
    }
    p->next = s->patterns;
    s->patterns = p;
    s->n_patterns++;
    return p;
}

void pattern_subscribe(struct session *s, const struct command *c)
{
    struct refusal why;
    struct text t;
    struct pattern *p = find(s, c->channel);
    if (!p) p = make(s, c->channel, &why);
    if (!p) {
        session_refuse(s, c->id, &why);
        return;
    }
    meet_all(p, c->last);
    if (!c->id.len) return;
    text_init(&t, s->channels->env);
    answer_subscribed(&t, c->id, &(struct subscribed){.channel = c->channel});
    session_say(s, &t);
}

static void end(struct pattern *p)
{
    struct session *s = p->session;
    struct pattern **at = &s->patterns;
    while (*at != p) at = &(*at)->next;
    *at = p->next;
    s->n_patterns--;
    orders_remove(p);
    hook_free(s->channels->env, p);
}

static bool is_meant(weft_bytes channel, weft_bytes pattern)
{
    return name_matches(pattern, channel);
}

void pattern_end(struct session *s, weft_bytes name)
{
    struct pattern *p = find(s, name);
    if (!p) return;
    end(p);
    session_leave(s, is_meant, name, FOR_PATTERN);
}

void session_each_pattern(struct session *s,
                          void (*what)(struct session *s, weft_bytes name, unsigned right))
{
    for (struct pattern *p = s->patterns, *next; p; p = next) {
        next = p->next;
        what(s, name_bytes(&p->name), WEFT_RIGHT_PATTERN);
    }
}

void pattern_unsubscribe(struct session *s, const struct command *c)
{
    struct text t;
    pattern_end(s, c->channel);
    if (!c->id.len) return;
    text_init(&t, s->channels->env);
    answer_done(&t, c->id);
    session_say(s, &t);
}

void patterns_end(struct session *s)
{
    while (s->patterns) end(s->patterns);
}
