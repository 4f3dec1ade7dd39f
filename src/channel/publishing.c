/* SPDX-License-Identifier: MIT
 *
 * channel/publishing.c - what a session publishes: a parcel for each command, answered when the store confirms it
 *
 * What is published stays published when the connection has gone meanwhile.
 */
#include "channel/publishing.h"

#include <string.h>

#include "channel/answer.h"
#include "channel/hook.h"
#include "channel/rates.h"
#include "channel/store.h"

struct publishing {
    struct parcel parcel;    /* first */
    struct session *session; /* held */
    weft_message *message;
    weft_bytes key, id; /* of what is behind it */
    size_t cost;
    uint8_t texts[];
};

static void publishing_free(struct publishing *p)
{
    struct session *s = p->session;
    weft_message_unref(p->message);
    weft_topic_unref(p->parcel.topic);
    hook_free(s->channels->env, p);
    session_unref(s);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answer(struct publishing *p)
{
    struct text t;
    struct refusal why;
    if (p->parcel.error) {
        store_refusal(p->parcel.error, &why);
        session_refuse(p->session, p->id, &why);
        return;
    }
    if (!p->id.len) return;
    text_init(&t, p->session->channels->env);
    answer_published(&t, p->id, &p->parcel.at);
    session_say(p->session, &t);
}

static void on_done(struct parcel *parcel)
{
    struct publishing *p = (struct publishing *)parcel;
    struct session *s = p->session;
    s->unanswered--;
    s->unanswered_bytes -= p->cost;
    if (s->conn) {
        answer(p);
        session_flow(s);
    }
    publishing_free(p);
}

/* ---- to the store ---------------------------------------------------------------------------- */

/* A copy, at the end of what is kept. */
static weft_bytes keep(uint8_t **end, weft_bytes text)
{
    weft_bytes copy = {*end, text.len};
    if (text.len) memcpy(*end, text.data, text.len);
    *end += text.len;
    return copy;
}

static struct publishing *make(struct session *s, const struct command *c)
{
    const weft_env *env = s->channels->env;
    const struct publication *what = &c->publication;
    struct publishing *p =
        hook_realloc(env, NULL, sizeof *p + what->key.len + c->id.len + what->once.len);
    if (!p) return NULL;
    *p = (struct publishing){.cost = what->payload.len};
    uint8_t *end = p->texts;
    p->key = keep(&end, what->key);
    p->id = keep(&end, c->id);
    p->parcel.once = keep(&end, what->once);
    if (weft_message_new(&p->message, env, what->op, what->payload.data, what->payload.len) < 0) {
        hook_free(env, p);
        return NULL;
    }
    p->session = s;
    s->refs++;
    return p;
}

static void hand_in(struct publishing *p)
{
    struct session *s = p->session;
    s->unanswered++;
    s->unanswered_bytes += p->cost;
    p->parcel.channels = s->channels;
    p->parcel.loop = weft_conn_loop(s->conn);
    p->parcel.messages = &p->message;
    p->parcel.keys = &p->key;
    p->parcel.n = 1;
    p->parcel.who = session_who(s);
    p->parcel.on_done = on_done;
    store_publish(&p->parcel);
}

static int ask_rates(const struct session *s, const struct command *c, struct refusal *why)
{
    if (!s->channels->counts_publishing) return 0;
    const struct publisher publisher = {.conn = s->conn, .who = session_who(s)};
    uint64_t wait = rates_publish(s->channels, &publisher, 1, c->publication.payload.len);
    return wait ? rates_refusal(why, wait) : 0;
}

void session_publish(struct session *s, const struct command *c)
{
    struct refusal why;
    weft_topic *t;
    if (ask_rates(s, c, &why) < 0 || session_find(s, c->channel, &t, &why) < 0) {
        session_refuse(s, c->id, &why);
        return;
    }
    struct publishing *p = make(s, c);
    if (p) {
        p->parcel.topic = t;
        hand_in(p);
        return;
    }
    weft_topic_unref(t);
    refusal_no_memory(&why);
    session_refuse(s, c->id, &why);
}
